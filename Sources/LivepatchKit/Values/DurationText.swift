/// Durations as people write them: `1h`, `10m`, `90s`, `1h30m`, `30d`, `250ms`.
public enum DurationText {
    private static let units: [(name: String, milliseconds: Int64)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1),
    ]

    /// 100 years, in milliseconds.
    private static let longest: Int64 = 36_525 * 86_400_000

    /// Reads numbers with units, largest unit first; no sign, no spaces; at most 100 years.
    /// - Throws: ``LivepatchError`` with the code `malformed-value`.
    public static func parse(_ text: String) throws -> Duration {
        guard let duration = duration(text) else {
            throw LivepatchError(
                .malformedValue, "'\(text)' is not a duration.", suggestion: "Write it like 90s, 10m, 1h30m or 30d.")
        }
        return duration
    }

    private static func duration(_ text: String) -> Duration? {
        var rest = text[...]
        var total: Int64 = 0
        var smallest = Int64.max
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { ("0"..."9").contains($0) }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { ("a"..."z").contains($0) }
            rest = rest.dropFirst(unit.count)
            guard digits.utf8.count <= 12, let number = Int64(digits),
                let factor = units.first(where: { $0.name == unit })?.milliseconds, factor < smallest
            else { return nil }
            smallest = factor
            let (product, overflow) = number.multipliedReportingOverflow(by: factor)
            guard !overflow, product <= longest else { return nil }
            total += product
        }
        guard total <= longest else { return nil }
        return .milliseconds(total)
    }

    /// The text, largest unit first, that ``parse(_:)`` reads back as the same duration: to the millisecond, no less than `0s` and no
    /// more than 100 years.
    public static func text(_ duration: Duration) -> String {
        let bounded = min(max(duration, .zero), .milliseconds(longest))
        var rest = bounded.components.seconds * 1000 + bounded.components.attoseconds / 1_000_000_000_000_000
        guard rest > 0 else { return "0s" }
        var text = ""
        for unit in units where rest >= unit.milliseconds {
            text += "\(rest / unit.milliseconds)\(unit.name)"
            rest %= unit.milliseconds
        }
        return text
    }
}
