/// Bytes as they were meant, and where each of them stands in the bytes as they were written.
struct WrittenText {
    private(set) var bytes: [UInt8]
    private(set) var places: [Range<Int>]

    /// How often what is escaped may have been escaped again, such as an error's text within another one's.
    private static let depth = 3

    /// The ways in which a text can be meant: as it is; percent-encoded; with the escapes of JSON; and these one on top of another.
    static func readings(of written: [UInt8]) -> [WrittenText] {
        var readings = [WrittenText(bytes: written, places: written.indices.map { $0..<$0 + 1 })]
        var latest = readings
        for _ in 0..<depth {
            latest = latest.flatMap { text in
                var more: [WrittenText] = []
                if text.bytes.contains(UInt8(ascii: "%")) { more.append(text.read(percentEncoded)) }
                if text.bytes.contains(UInt8(ascii: "\\")) { more.append(text.read(escaped)) }
                return more.filter { $0.bytes != text.bytes }
            }
            readings += latest
        }
        return readings
    }

    /// - Parameter escape: what is meant by the bytes at an index, and how many they are; `nil` for what means itself.
    private func read(_ escape: ([UInt8], Int) -> (meant: [UInt8], length: Int)?) -> WrittenText {
        var meaning = WrittenText(bytes: [], places: [])
        var index = 0
        while index < bytes.count {
            let (meant, length) = escape(bytes, index) ?? ([bytes[index]], 1)
            let place = places[index].lowerBound..<places[index + length - 1].upperBound
            for byte in meant {
                meaning.bytes.append(byte)
                meaning.places.append(place)
            }
            index += length
        }
        return meaning
    }

    /// RFC 3986, section 2.1.
    private static func percentEncoded(_ written: [UInt8], at index: Int) -> (meant: [UInt8], length: Int)? {
        guard written[index] == UInt8(ascii: "%"), let value = number(written, at: index + 1, digits: 2) else { return nil }
        return ([UInt8(value)], 3)
    }

    /// RFC 8259, section 7.
    private static func escaped(_ written: [UInt8], at index: Int) -> (meant: [UInt8], length: Int)? {
        guard written[index] == UInt8(ascii: "\\"), index + 1 < written.count else { return nil }
        switch written[index + 1] {
        case UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "\""), UInt8(ascii: "'"): return ([written[index + 1]], 2)
        case UInt8(ascii: "n"): return ([10], 2)
        case UInt8(ascii: "t"): return ([9], 2)
        case UInt8(ascii: "u"):
            guard let first = number(written, at: index + 2, digits: 4) else { return nil }
            var (value, length) = (UInt32(first), 6)
            if (0xD800...0xDBFF).contains(value), index + 7 < written.count, written[index + 6] == UInt8(ascii: "\\"),
                written[index + 7] == UInt8(ascii: "u"), let second = number(written, at: index + 8, digits: 4)
            {
                // Surrogates: two escapes for one character.
                value = 0x10000 + (value & 0x3FF) << 10 + UInt32(second) & 0x3FF
                length = 12
            }
            guard let scalar = Unicode.Scalar(value) else { return nil }
            return (Array(String(Character(scalar)).utf8), length)
        default: return nil
        }
    }

    private static func number(_ written: [UInt8], at index: Int, digits: Int) -> Int? {
        guard index + digits <= written.count else { return nil }
        let text = String(decoding: written[index..<index + digits], as: UTF8.self)
        guard text.utf8.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else { return nil }
        return Int(text, radix: 16)
    }
}
