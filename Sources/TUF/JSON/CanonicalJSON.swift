/// The bytes that are hashed and signed: OLPC's canonical JSON.
///
/// No space, names in the order of their bytes, only `"` and `\` escaped, whole numbers only. Control characters stand in strings
/// as they are, so that this is not always JSON.
public enum CanonicalJSON {
    /// - Throws: ``TUFError`` with code ``TUFError/Code/malformed`` for numbers with a fraction or an exponent, which have no
    ///   canonical form.
    public static func encode(_ value: JSONValue) throws(TUFError) -> [UInt8] {
        var bytes: [UInt8] = []
        try append(value, to: &bytes)
        return bytes
    }

    private static func append(_ value: JSONValue, to bytes: inout [UInt8]) throws(TUFError) {
        switch value {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .boolean(let value): bytes.append(contentsOf: (value ? "true" : "false").utf8)
        case .integer(let value): bytes.append(contentsOf: String(value).utf8)
        case .number(let text):
            guard text.utf8.allSatisfy({ $0 == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
                throw TUFError(.malformed, "The number \(text) has no canonical form; only whole numbers have.")
            }
            bytes.append(contentsOf: text.utf8)
        case .string(let text): append(text, to: &bytes)
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            var isFirst = true
            for element in elements {
                if !isFirst { bytes.append(UInt8(ascii: ",")) }
                isFirst = false
                try append(element, to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let object):
            bytes.append(UInt8(ascii: "{"))
            var isFirst = true
            for (name, value) in object.members {
                if !isFirst { bytes.append(UInt8(ascii: ",")) }
                isFirst = false
                append(name, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                try append(value, to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    private static func append(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { bytes.append(UInt8(ascii: "\\")) }
            bytes.append(byte)
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
