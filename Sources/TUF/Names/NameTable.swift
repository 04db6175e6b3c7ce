/// Values by name, where names are compared byte by byte, and listed in the order of their bytes.
public struct NameTable<Value: Sendable>: Sendable, ExpressibleByDictionaryLiteral {
    private var values: [ExactName: Value] = [:]

    public init() {}

    /// Of two values for the same name the later one stays.
    public init(dictionaryLiteral elements: (String, Value)...) {
        for (name, value) in elements { values[ExactName(name)] = value }
    }

    public var count: Int { values.count }

    public var isEmpty: Bool { values.isEmpty }

    /// The names, in the order of their UTF-8 bytes.
    public var names: [String] { values.keys.sorted().map(\.text) }

    /// Names and values, in the order of the names' UTF-8 bytes.
    public var sorted: [(name: String, value: Value)] {
        values.sorted { $0.key < $1.key }.map { (name: $0.key.text, value: $0.value) }
    }

    public subscript(_ name: String) -> Value? {
        get { values[ExactName(name)] }
        set { values[ExactName(name)] = newValue }
    }

    /// Whether there is a value for exactly that name.
    public func contains(_ name: String) -> Bool { values[ExactName(name)] != nil }
}

extension NameTable: Equatable where Value: Equatable {}
