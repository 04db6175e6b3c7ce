import LivepatchKit

/// A value as JSON and YAML both know it. Everything is encoded as the wire encodes it first, so that both have the same members.
enum StructuredValue: Hashable, Sendable {
    case null
    case boolean(Bool)
    case integer(Int64)
    case number(Double)
    case text(String)
    case list([StructuredValue])
    case members([String: StructuredValue])

    /// - Throws: ``LivepatchError`` with the code `internal-fault` for a value that cannot be encoded.
    init(_ value: some Encodable) throws {
        do {
            self = try DocumentCoding.decode(StructuredValue.self, from: DocumentCoding.encode(value))
        } catch {
            throw LivepatchError(
                .internalFault, "The result cannot be written as a document: \(DocumentCoding.reason(error)).", cause: error)
        }
    }
}

extension StructuredValue: Decodable {
    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .boolean(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode([StructuredValue].self) {
            self = .list(value)
        } else {
            self = .members(try container.decode([String: StructuredValue].self))
        }
    }
}
