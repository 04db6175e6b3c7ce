extension StructuredValue {
    /// The value as JSON (RFC 8259) over several lines, members in order of name. Control characters are escaped, so that a value from
    /// elsewhere cannot steer the terminal.
    func json() -> String { json(indent: "") }

    private func json(indent: String) -> String {
        switch self {
        case .null: "null"
        case .boolean(let value): value ? "true" : "false"
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .text(let value): Self.quoted(value)
        case .list(let values):
            Self.block("[", values.map { $0.json(indent: indent + "  ") }, "]", indent: indent)
        case .members(let members):
            Self.block(
                "{",
                members.sorted { $0.key < $1.key }.map { "\(Self.quoted($0.key)): \($0.value.json(indent: indent + "  "))" },
                "}", indent: indent)
        }
    }

    private static func block(_ open: String, _ parts: [String], _ close: String, indent: String) -> String {
        if parts.isEmpty { return open + close }
        return open + "\n" + parts.map { indent + "  " + $0 }.joined(separator: ",\n") + "\n" + indent + close
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            case _ where PrintableText.isControl(scalar):
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
