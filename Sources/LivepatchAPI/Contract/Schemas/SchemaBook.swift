import LivepatchKit
import TUF

/// The JSON schemas of the types that bodies are made of, worked out by having each type decode itself from a ``SchemaRecorder``: so a
/// schema says what the code reads, and cannot say anything else.
final class SchemaBook {
    /// A type's schema, and a value of it that goes on to whoever asked to have one decoded.
    typealias Entry<Value> = (schema: JSONValue, sample: Value)

    /// The schemas that have a name, by it.
    private(set) var components: [String: JSONValue] = [:]
    private var samples: [String: Any] = [:]

    /// A type's schema: a reference to ``components``, or the schema itself where it is short.
    func schema<Value: Decodable>(of type: Value.Type) throws -> JSONValue { try entry(of: type).schema }

    func entry<Value: Decodable>(of type: Value.Type) throws -> Entry<Value> {
        if let described = type as? any DescribedValue.Type {
            let (schema, sample) = try described.described(in: self)
            return (schema, try value(sample))
        }
        let name = Self.name(of: type)
        let reference = Self.reference(to: name)
        if let sample = samples[name] { return (reference, try value(sample)) }
        let (schema, sample) = try definition(of: type)
        components[name] = schema
        samples[name] = sample
        return (reference, sample)
    }

    private func definition<Value: Decodable>(of type: Value.Type) throws -> Entry<Value> {
        if let enumeration = type as? any CaseIterable.Type { return try words(of: enumeration, as: type) }
        if let choice = type as? any DescribedChoice.Type {
            var alternatives: [JSONValue] = []
            var sample: Value?
            for name in choice.choices {
                let recorder = SchemaRecorder(book: self, choice: name)
                let value = try Value(from: recorder)
                sample = sample ?? value
                alternatives.append(recorder.schema)
            }
            guard let sample else { throw UndescribedType(type: "\(type)") }
            return (["oneOf": .array(alternatives)], sample)
        }
        let recorder = SchemaRecorder(book: self, choice: nil)
        let sample = try Value(from: recorder)
        return (recorder.schema, sample)
    }

    /// An enumeration of strings.
    private func words<Value>(of enumeration: any CaseIterable.Type, as type: Value.Type) throws -> Entry<Value> {
        func cases<Cases: CaseIterable>(_ type: Cases.Type) -> [Any] { Array(type.allCases) }
        let all = cases(enumeration)
        let words = all.compactMap { ($0 as? any RawRepresentable)?.rawValue as? String }
        guard let first = all.first, words.count == all.count else { throw UndescribedType(type: "\(type)") }
        return (["type": "string", "enum": .array(words.map { .string($0) })], try value(first))
    }

    private func value<Value>(_ sample: Any) throws -> Value {
        guard let value = sample as? Value else { throw UndescribedType(type: "\(Value.self)") }
        return value
    }

    static func reference(to name: String) -> JSONValue { ["$ref": .string("#/components/schemas/\(name)")] }

    /// The type's name without its modules: `MachineAdministrationLine` of `LivepatchKit.MachineAdministration.Line`.
    static func name(of type: Any.Type) -> String {
        String(reflecting: type).replacing(/[A-Za-z]+\.(?=[A-Z])/) { match in
            match.output.hasPrefix("Livepatch") || match.output == "TUF." ? "" : String(match.output.dropLast())
        }.replacing("<", with: "Of").filter { $0.isLetter || $0.isNumber }
    }
}

/// A type whose schema cannot be worked out: it needs a ``DescribedValue`` or ``DescribedChoice``.
struct UndescribedType: Error {
    let type: String
}
