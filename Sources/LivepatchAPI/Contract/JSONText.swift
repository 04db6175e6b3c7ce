import TUF

/// JSON as people read it: two spaces for each level, a member a line.
enum JSONText {
    static func pretty(_ value: JSONValue) -> [UInt8] { Array("\(text(value, indent: ""))\n".utf8) }

    private static func text(_ value: JSONValue, indent: String) -> String {
        let inner = indent + "  "
        func lines(_ opening: String, _ lines: [String], _ closing: String) -> String {
            lines.isEmpty
                ? opening + closing
                : "\(opening)\n" + lines.map { inner + $0 }.joined(separator: ",\n") + "\n\(indent)\(closing)"
        }
        return switch value {
        case .null: "null"
        case .boolean(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .number(let text): text
        case .string(let text): quoted(text)
        case .array(let elements): lines("[", elements.map { Self.text($0, indent: inner) }, "]")
        case .object(let object):
            lines("{", object.members.map { "\(quoted($0.name)): \(Self.text($0.value, indent: inner))" }, "}")
        }
    }

    /// A string with what RFC 8259 (section 7) wants escaped.
    private static func quoted(_ text: String) -> String {
        let escaped = text.unicodeScalars.map { scalar in
            switch scalar {
            case "\"": "\\\""
            case "\\": "\\\\"
            case "\n": "\\n"
            case _ where scalar.value < 0x20: "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: String(scalar)
            }
        }
        return "\"\(escaped.joined())\""
    }
}
