public import LivepatchKit

/// Numbers of bytes as people write them: `4096`, `512K`, `10M`, `2G`, in powers of 1024.
public enum ByteSize {
    private static let units: [(name: Character, bytes: Int64)] = [
        ("T", 1 << 40), ("G", 1 << 30), ("M", 1 << 20), ("K", 1 << 10),
    ]

    /// Reads a whole number of bytes, or of K, M, G or T; `KiB`, `MiB`, … mean the same.
    /// - Throws: ``LivepatchError`` with the code `malformed-value`.
    public static func parse(_ text: String) throws(LivepatchError) -> Int64 {
        let refusal = LivepatchError(
            .malformedValue, "'\(text)' is not a size.", suggestion: "Write it in bytes, or like 512K, 10M or 2G.")
        let digits = text.prefix { ("0"..."9").contains($0) }
        guard (1...18).contains(digits.count), let number = Int64(digits) else { throw refusal }
        let unit = text.dropFirst(digits.count)
        if unit.isEmpty { return number }
        guard let factor = units.first(where: { unit == "\($0.name)" || unit == "\($0.name)iB" })?.bytes else { throw refusal }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: factor)
        guard !overflow else { throw refusal }
        return bytes
    }

    /// The shortest text that ``parse(_:)`` reads back as the same number.
    public static func text(_ bytes: Int64) -> String {
        guard bytes > 0, let unit = units.first(where: { bytes.isMultiple(of: $0.bytes) }) else { return "\(bytes)" }
        return "\(bytes / unit.bytes)\(unit.name)"
    }
}
