import LivepatchKit
import Yams

extension StructuredValue {
    /// The value as YAML, members in order of name, without the line break at its end. Text that would be read as something else is
    /// quoted.
    /// - Throws: ``LivepatchError`` with the code `internal-fault`.
    func yaml() throws -> String {
        do {
            var text = try Yams.serialize(node: node, width: -1, allowUnicode: true)
            while text.last?.isNewline == true { text.removeLast() }
            return text
        } catch {
            throw LivepatchError(.internalFault, "The result cannot be written as YAML: \(error).", cause: error)
        }
    }

    private var node: Node {
        switch self {
        case .null: Node("null", Tag(.null))
        case .boolean(let value): Node(value ? "true" : "false", Tag(.bool))
        case .integer(let value): Node("\(value)", Tag(.int))
        case .number(let value): Node("\(value)", Tag(.float))
        case .text(let value): .scalar(value.represented())
        case .list(let values): Node(values.map(\.node), Tag(.seq))
        case .members(let members):
            Node(members.sorted { $0.key < $1.key }.map { (.scalar($0.key.represented()), $0.value.node) }, Tag(.map))
        }
    }
}
