/// What a `Range` field asks for (RFC 9110, section 14).
package enum RangeRequest: Hashable, Sendable {
    /// Everything: there is no field, or one that is ignored: another unit, several ranges, or no valid one.
    case whole
    /// One range of bytes.
    case part(Range<Int64>)
    /// A range that begins beyond the end.
    case unsatisfiable

    /// - Parameters:
    ///   - field: the field's value.
    ///   - length: that of the whole content, in bytes.
    package init(_ field: String?, length: Int64) {
        self = .whole
        guard let field, let equals = field.firstIndex(of: "="), field[..<equals].lowercased() == "bytes" else { return }
        let ranges = field[field.index(after: equals)...].split(separator: ",").map(Self.trimmed).filter { !$0.isEmpty }
        guard ranges.count == 1, let range = ranges.first, let hyphen = range.firstIndex(of: "-") else { return }
        let first = range[..<hyphen]
        let last = range[range.index(after: hyphen)...]
        guard Self.isNumber(last) || last.isEmpty else { return }
        if first.isEmpty {
            guard !last.isEmpty else { return }
            let count = min(Self.number(last), length)
            self = count > 0 ? .part(length - count..<length) : .unsatisfiable
        } else {
            guard Self.isNumber(first) else { return }
            let start = Self.number(first)
            let end = last.isEmpty ? Int64.max : Self.number(last)
            guard start <= end else { return }
            self = start < length ? .part(start..<(min(end, length - 1) + 1)) : .unsatisfiable
        }
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }

    private static func isNumber(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    /// A number too large to hold is beyond every end.
    private static func number(_ digits: Substring) -> Int64 { Int64(digits) ?? .max }
}
