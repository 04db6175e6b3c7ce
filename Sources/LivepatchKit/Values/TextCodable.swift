/// A value that is written as one string wherever it is stored or sent, and is checked whenever it is read.
public protocol TextCodable: Codable, CodingKeyRepresentable, CustomStringConvertible {
    /// Reads the text that ``description`` prints.
    init(parsing text: String) throws
}

extension TextCodable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        do {
            try self.init(parsing: text)
        } catch {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(error)")
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    public var codingKey: any CodingKey { TextCodingKey(stringValue: description) }

    public init?(codingKey: some CodingKey) { try? self.init(parsing: codingKey.stringValue) }
}

private struct TextCodingKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}
