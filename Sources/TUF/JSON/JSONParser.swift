/// Reads JSON as strictly as RFC 8259 allows: UTF-8 without byte order mark, no name twice in an object, nesting bounded.
struct JSONParser {
    /// How deep arrays and objects may be nested: far more than metadata is, far less than a stack holds.
    static let greatestDepth = 64

    private let bytes: [UInt8]
    private var position = 0

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// - Throws: ``TUFError`` with code ``TUFError/Code/malformed`` and the offset of the mistake.
    static func parse(_ bytes: [UInt8]) throws(TUFError) -> JSONValue {
        var parser = JSONParser(bytes)
        let value = try parser.value(depth: 0)
        parser.skipSpace()
        guard parser.position == bytes.count else { throw parser.mistake("something follows the document") }
        return value
    }

    private func mistake(_ what: String) -> TUFError {
        TUFError(.malformed, "This is not JSON: \(what), at byte \(position).")
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func expect(_ word: StaticString) throws(TUFError) {
        let word = word.description.utf8
        guard bytes[position...].starts(with: word) else { throw mistake("an unknown word") }
        position += word.count
    }

    private mutating func value(depth: Int) throws(TUFError) -> JSONValue {
        guard depth <= Self.greatestDepth else { throw mistake("it is nested deeper than \(Self.greatestDepth) levels") }
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): return .object(try object(depth: depth))
        case UInt8(ascii: "["): return .array(try array(depth: depth))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"):
            try expect("true")
            return .boolean(true)
        case UInt8(ascii: "f"):
            try expect("false")
            return .boolean(false)
        case UInt8(ascii: "n"):
            try expect("null")
            return .null
        case let byte? where byte == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte):
            return try number()
        case nil: throw mistake("it ends too early")
        default: throw mistake("an unexpected character")
        }
    }

    private mutating func object(depth: Int) throws(TUFError) -> JSONObject {
        position += 1
        var members: [(name: String, value: JSONValue)] = []
        skipSpace()
        if next == UInt8(ascii: "}") {
            position += 1
            return JSONObject()
        }
        while true {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw mistake("a name is missing") }
            let name = try string()
            skipSpace()
            guard next == UInt8(ascii: ":") else { throw mistake("a colon is missing") }
            position += 1
            members.append((name, try value(depth: depth + 1)))
            if try isEnd(UInt8(ascii: "}")) { break }
        }
        guard let object = JSONObject(unsorted: members) else { throw mistake("an object has a name twice") }
        return object
    }

    private mutating func array(depth: Int) throws(TUFError) -> [JSONValue] {
        position += 1
        skipSpace()
        if next == UInt8(ascii: "]") {
            position += 1
            return []
        }
        var elements: [JSONValue] = []
        while true {
            elements.append(try value(depth: depth + 1))
            if try isEnd(UInt8(ascii: "]")) { return elements }
        }
    }

    /// Whether the array or object ends here; otherwise a comma is passed.
    private mutating func isEnd(_ bracket: UInt8) throws(TUFError) -> Bool {
        skipSpace()
        guard let byte = next else { throw mistake("it ends too early") }
        guard byte == bracket || byte == UInt8(ascii: ",") else { throw mistake("a comma is missing") }
        position += 1
        return byte == bracket
    }

    private mutating func number() throws(TUFError) -> JSONValue {
        let start = position
        if next == UInt8(ascii: "-") { position += 1 }
        if next == UInt8(ascii: "0") { position += 1 } else { try digits() }
        var isWhole = true
        if next == UInt8(ascii: ".") {
            isWhole = false
            position += 1
            try digits()
        }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            isWhole = false
            position += 1
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
            try digits()
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        guard isWhole, let integer = Int(text) else { return .number(text) }
        return .integer(integer)
    }

    private mutating func digits() throws(TUFError) {
        let start = position
        while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
        guard position > start else { throw mistake("a digit is missing") }
    }

    private mutating func string() throws(TUFError) -> String {
        position += 1
        var text: [UInt8] = []
        var start = position
        while true {
            guard let byte = next else { throw mistake("a string does not end") }
            switch byte {
            case UInt8(ascii: "\""):
                text.append(contentsOf: bytes[start..<position])
                guard let string = String(validating: text, as: UTF8.self) else { throw mistake("a string is not UTF-8") }
                position += 1
                return string
            case UInt8(ascii: "\\"):
                text.append(contentsOf: bytes[start..<position])
                position += 1
                text.append(contentsOf: String(try escape()).utf8)
                start = position
            case 0..<0x20:
                throw mistake("a control character in a string")
            default:
                position += 1
            }
        }
    }

    private mutating func escape() throws(TUFError) -> Unicode.Scalar {
        guard let byte = next else { throw mistake("a string does not end") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            let first = try codeUnit()
            if let scalar = Unicode.Scalar(first) { return scalar }
            guard UTF16.isLeadSurrogate(first), next == UInt8(ascii: "\\") else { throw mistake("half a character") }
            position += 1
            guard next == UInt8(ascii: "u") else { throw mistake("half a character") }
            position += 1
            let second = try codeUnit()
            guard UTF16.isTrailSurrogate(second) else { throw mistake("half a character") }
            return UTF16.decode(UTF16.EncodedScalar([first, second]))
        default: throw mistake("an unknown escape")
        }
    }

    private mutating func codeUnit() throws(TUFError) -> UInt16 {
        guard bytes.count - position >= 4, let unit = Hex.bytes(String(decoding: bytes[position..<position + 4], as: UTF8.self))
        else { throw mistake("four hexadecimal digits are missing") }
        position += 4
        return UInt16(unit[0]) << 8 | UInt16(unit[1])
    }
}
