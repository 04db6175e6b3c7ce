/// The beginning of a kernel's upstream version, for bounds such as `patch-sync.minimum-kernel-version`: `5.4.0`, `5.15`.
public struct KernelSeries: Hashable, Sendable {
    /// One to six numbers.
    public let numbers: [Int]

    /// Reads `5.4.0`.
    /// - Throws: ``LivepatchError`` with the code `malformed-value`.
    public init(parsing text: String) throws {
        guard let numbers = Self.numbers(Substring(text)) else {
            throw LivepatchError(
                .malformedValue, "'\(text)' is not a kernel's upstream version.", suggestion: "Write it like 5.4.0.")
        }
        self.numbers = numbers
    }

    /// Whether a kernel is this one or a later one; missing parts count as zero.
    public func admits(_ version: KernelVersion) -> Bool {
        let length = max(numbers.count, version.upstream.count)
        func padded(_ parts: [Int]) -> [Int] { parts + Array(repeating: 0, count: length - parts.count) }
        return !padded(version.upstream).lexicographicallyPrecedes(padded(numbers))
    }

    /// The series of a kernel, by the first two numbers of its upstream version: `5.15` of `5.15.0-107.117`.
    public init(of version: KernelVersion) { numbers = Array(version.upstream.prefix(2)) }

    /// The first two numbers alone.
    var leading: KernelSeries { KernelSeries(numbers: Array(numbers.prefix(2))) }

    private init(numbers: [Int]) { self.numbers = numbers }

    static func numbers(_ text: Substring) -> [Int]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...6).contains(parts.count) else { return nil }
        let numbers = parts.compactMap(number)
        return numbers.count == parts.count ? numbers : nil
    }

    /// One to nine ASCII digits without a leading zero, so that text and number are one to one.
    static func number(_ text: Substring) -> Int? {
        guard (1...9).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            text.utf8.count == 1 || text.utf8.first != UInt8(ascii: "0")
        else { return nil }
        return Int(text)
    }
}

extension KernelSeries: CustomStringConvertible {
    public var description: String { numbers.map(String.init).joined(separator: ".") }
}

extension KernelSeries: Comparable {
    public static func < (left: Self, right: Self) -> Bool { left.numbers.lexicographicallyPrecedes(right.numbers) }
}

extension KernelSeries: TextCodable {}
