import FoundationEssentials
import LivepatchKit
import TUF

/// A type that says itself what its JSON is.
protocol DescribedValue: Decodable {
    /// The schema, and a value that fits it.
    static func described(in book: SchemaBook) throws -> (schema: JSONValue, sample: Self)
}

/// An enumeration whose cases carry values: an object with one member, which is named after the case.
protocol DescribedChoice: Decodable {
    /// The names of all cases.
    static var choices: [String] { get }
}

extension Bool: DescribedValue {
    static func described(in book: SchemaBook) -> (schema: JSONValue, sample: Bool) { (["type": "boolean"], false) }
}

extension String: DescribedValue {
    static func described(in book: SchemaBook) -> (schema: JSONValue, sample: String) { (["type": "string"], "") }
}

extension Double: DescribedValue {
    static func described(in book: SchemaBook) -> (schema: JSONValue, sample: Double) { (["type": "number"], 0) }
}

extension Int: DescribedValue {
    static func described(in book: SchemaBook) -> (schema: JSONValue, sample: Int) {
        (["type": "integer", "format": "int64"], 0)
    }
}

extension Int64: DescribedValue {
    static func described(in book: SchemaBook) -> (schema: JSONValue, sample: Int64) {
        (["type": "integer", "format": "int64"], 0)
    }
}

extension Data: DescribedValue {
    static func described(in book: SchemaBook) -> (schema: JSONValue, sample: Data) {
        (["type": "string", "contentEncoding": "base64"], Data())
    }
}

extension BackupKeyDerivation: DescribedValue {
    static func described(in book: SchemaBook) throws -> (schema: JSONValue, sample: Self) {
        (
            [
                "oneOf": [
                    [
                        "type": "object", "required": ["kind", "scrypt"],
                        "properties": ["kind": ["const": "scrypt"], "scrypt": try book.schema(of: Scrypt.self)],
                    ],
                    ["type": "object", "required": ["kind"], "properties": ["kind": ["const": "file"]]],
                ]
            ], .file
        )
    }
}

extension Date: DescribedValue {
    static func described(in book: SchemaBook) -> (schema: JSONValue, sample: Date) {
        (["type": "string", "format": "date-time"], Date(timeIntervalSince1970: 0))
    }
}

extension Array: DescribedValue where Element: Decodable {
    static func described(in book: SchemaBook) throws -> (schema: JSONValue, sample: Self) {
        let (schema, sample) = try book.entry(of: Element.self)
        return (["type": "array", "items": schema], [sample])
    }
}

extension Set: DescribedValue where Element: Decodable {
    static func described(in book: SchemaBook) throws -> (schema: JSONValue, sample: Self) {
        let (schema, sample) = try book.entry(of: Element.self)
        return (["type": "array", "items": schema], [sample])
    }
}

/// Keys are written as texts; which ones are right, the type of the key decides.
extension Dictionary: DescribedValue where Key: Decodable, Value: Decodable {
    static func described(in book: SchemaBook) throws -> (schema: JSONValue, sample: Self) {
        (["type": "object", "additionalProperties": try book.schema(of: Value.self)], [:])
    }
}

extension WebhookSubscription: DescribedValue {
    static func described(in book: SchemaBook) throws -> (schema: JSONValue, sample: Self) {
        let types = WebhookEventType.subscribable.map(\.rawValue)
        let groups = Set(types.map { "\($0.prefix { $0 != "." }).*" }).sorted()
        return (
            [
                "type": "array", "minItems": 1,
                "items": ["type": "string", "enum": .array((["*"] + groups + types).map { .string($0) })],
            ],
            try WebhookSubscription(["*"])
        )
    }
}

extension TierCommand: DescribedChoice {
    static let choices = [
        "addTier", "removeTier", "renameTier", "moveTier", "promote", "promoteAll", "withdraw", "block", "unblock", "restore",
        "undo",
    ]
}

extension TierPosition: DescribedChoice {
    static let choices = ["last", "before", "after"]
}

extension SyncEventBody: DescribedChoice {
    static let choices = ["started", "progress", "ended", "problem"]
}

extension StorageEventBody: DescribedChoice {
    static var choices: [String] { ["progress", "ended", "problem"] }
}
