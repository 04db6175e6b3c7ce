/// Names as Prometheus takes them: `[a-zA-Z_:][a-zA-Z0-9_:]*` for metrics, the same without colons for labels.
enum MetricName {
    /// Whatever is not allowed becomes an underscore.
    static func metric(_ text: String) -> String { valid(text) { $0 == UInt8(ascii: ":") } }

    static func label(_ text: String) -> String { valid(text) { _ in false } }

    private static func valid(_ text: String, also isAllowed: (UInt8) -> Bool) -> String {
        func isLetter(_ byte: UInt8) -> Bool {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
                || byte == UInt8(ascii: "_") || isAllowed(byte)
        }
        func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
        let bytes = Array(text.utf8)
        if let first = bytes.first, isLetter(first), bytes.allSatisfy({ isLetter($0) || isDigit($0) }) { return text }
        let kept = bytes.map { isLetter($0) || isDigit($0) ? $0 : UInt8(ascii: "_") }
        let begins = kept.first.map { !isDigit($0) } ?? false
        return String(decoding: begins ? kept : [UInt8(ascii: "_")] + kept, as: UTF8.self)
    }
}
