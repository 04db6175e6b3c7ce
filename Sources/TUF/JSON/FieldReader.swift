/// Takes the known members out of an object; what remains are the unknown ones, which are kept.
struct FieldReader {
    /// Members that nobody has taken.
    private(set) var rest: JSONObject
    /// What the object is, for messages: "the role snapshot".
    let place: String

    init(_ object: JSONObject, _ place: String) {
        rest = object
        self.place = place
    }

    init(_ value: JSONValue, _ place: String) throws(TUFError) {
        guard case .object(let object) = value else {
            throw TUFError(.malformed, "\(place) should be an object, and is \(value.kind).")
        }
        self.init(object, place)
    }

    /// - Returns: `nil` if there is no such member.
    mutating func optional(_ name: String) -> JSONValue? {
        guard let value = rest[name] else { return nil }
        rest[name] = nil
        return value
    }

    mutating func value(_ name: String) throws(TUFError) -> JSONValue {
        guard let value = optional(name) else { throw TUFError(.malformed, "\(place) has no “\(name)”.") }
        return value
    }

    mutating func string(_ name: String) throws(TUFError) -> String {
        let value = try value(name)
        guard case .string(let text) = value else { throw mistake(name, value, "a string") }
        return text
    }

    mutating func optionalBoolean(_ name: String) throws(TUFError) -> Bool? {
        guard let value = optional(name) else { return nil }
        guard case .boolean(let truth) = value else { throw mistake(name, value, "a boolean") }
        return truth
    }

    mutating func integer(_ name: String, in range: ClosedRange<Int>) throws(TUFError) -> Int {
        let value = try value(name)
        guard case .integer(let number) = value, range.contains(number) else {
            throw mistake(name, value, "a whole number from \(range.lowerBound)")
        }
        return number
    }

    mutating func optionalInteger(_ name: String, in range: ClosedRange<Int>) throws(TUFError) -> Int? {
        rest[name] == nil ? nil : try integer(name, in: range)
    }

    mutating func object(_ name: String) throws(TUFError) -> JSONObject {
        let value = try value(name)
        guard case .object(let object) = value else { throw mistake(name, value, "an object") }
        return object
    }

    mutating func array(_ name: String) throws(TUFError) -> [JSONValue] {
        let value = try value(name)
        guard case .array(let elements) = value else { throw mistake(name, value, "an array") }
        return elements
    }

    mutating func strings(_ name: String) throws(TUFError) -> [String] {
        var strings: [String] = []
        for element in try array(name) {
            guard case .string(let text) = element else { throw mistake(name, element, "an array of strings") }
            strings.append(text)
        }
        return strings
    }

    mutating func optionalStrings(_ name: String) throws(TUFError) -> [String]? {
        rest[name] == nil ? nil : try strings(name)
    }

    private func mistake(_ name: String, _ value: JSONValue, _ expected: String) -> TUFError {
        TUFError(.malformed, "“\(name)” of \(place) should be \(expected), and is \(value.kind).")
    }
}
