import LivepatchKit
import TUF

/// Decodes a value of nothing, and notes what it asks for: the members of an object with their types, and which of them it cannot do
/// without.
final class SchemaRecorder: Decoder {
    let codingPath: [any CodingKey] = []
    let userInfo: [CodingUserInfoKey: Any] = [:]
    let book: SchemaBook
    /// The only member that is there, of an enumeration whose cases carry values; `nil` of everything else.
    let choice: String?
    private var members = JSONObject()
    private var required: [String] = []
    /// Members that are objects themselves, without a type of their own.
    private var nested: [(member: String, recorder: SchemaRecorder)] = []
    private var whole: JSONValue?

    init(book: SchemaBook, choice: String?) {
        self.book = book
        self.choice = choice
    }

    /// What was asked for.
    var schema: JSONValue {
        if let whole { return whole }
        var members = members
        for (member, recorder) in nested { members[member] = recorder.schema }
        let required = required + nested.map(\.member)
        var schema: JSONObject = ["type": "object"]
        if !members.isEmpty { schema["properties"] = .object(members) }
        if !required.isEmpty { schema["required"] = .array(required.map { .string($0) }) }
        if choice != nil { schema["additionalProperties"] = false }
        return .object(schema)
    }

    func note(_ member: String, _ schema: JSONValue, isRequired: Bool) {
        members[member] = schema
        if isRequired { required.append(member) }
    }

    func note(_ schema: JSONValue) { whole = schema }

    func nest(_ member: String) -> SchemaRecorder {
        let recorder = SchemaRecorder(book: book, choice: nil)
        nested.append((member, recorder))
        return recorder
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(Members(recorder: self))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw UndescribedType(type: "a list of its own making") }

    func singleValueContainer() throws -> any SingleValueDecodingContainer { Whole(recorder: self) }
}

/// An object.
private struct Members<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let recorder: SchemaRecorder

    var codingPath: [any CodingKey] { [] }
    var allKeys: [Key] { recorder.choice.flatMap { Key(stringValue: $0) }.map { [$0] } ?? [] }

    func contains(_ key: Key) -> Bool { true }
    func decodeNil(forKey key: Key) throws -> Bool { false }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        let (schema, sample) = try recorder.book.entry(of: type)
        recorder.note(key.stringValue, schema, isRequired: true)
        return sample
    }

    func decodeIfPresent<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value? {
        try absent(type, key)
    }

    // What is asked for by these names where a member may be missing.
    func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? { try absent(type, key) }
    func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? { try absent(type, key) }
    func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? { try absent(type, key) }
    func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? { try absent(type, key) }
    func decodeIfPresent(_ type: Int64.Type, forKey key: Key) throws -> Int64? { try absent(type, key) }

    private func absent<Value: Decodable>(_ type: Value.Type, _ key: Key) throws -> Value? {
        recorder.note(key.stringValue, try recorder.book.schema(of: type), isRequired: false)
        return nil
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        KeyedDecodingContainer(Members<Nested>(recorder: recorder.nest(key.stringValue)))
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        throw UndescribedType(type: "a list of its own making")
    }
    func superDecoder() throws -> any Decoder { recorder }
    func superDecoder(forKey key: Key) throws -> any Decoder { recorder }
}

/// A value that is not an object of its own.
private struct Whole: SingleValueDecodingContainer {
    let recorder: SchemaRecorder

    var codingPath: [any CodingKey] { [] }

    func decodeNil() -> Bool { false }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        let (schema, sample) = try recorder.book.entry(of: type)
        recorder.note(schema)
        return sample
    }
}
