import Foundation
import TUF

extension FuzzTarget {
    /// A JSON document that is read can be written, in both forms, and read again as the same value; Foundation reads it too, and
    /// reads the same.
    static let json = FuzzTarget("json") { bytes in
        guard let value = try? JSONDocument.parse(bytes) else { return }
        try require(try JSONDocument.parse(JSONDocument.write(value)) == value, "It is written as another document.")
        try checkCanonicalForm(of: value)
        if FoundationJSON.holds(value) { try FoundationJSON.compare(value, with: FoundationJSON.read(bytes)) }
    }

    private static func checkCanonicalForm(of value: JSONValue) throws {
        guard let canonical = try? CanonicalJSON.encode(value) else { return }
        if canonical.allSatisfy({ $0 >= 0x20 }) {
            let again = try JSONDocument.parse(canonical)
            try require(again == value, "Its canonical form is another document.")
            try require(try CanonicalJSON.encode(again) == canonical, "Its canonical form has another canonical form.")
        } else {
            // Canonical strings hold control characters as they are, which JSON does not allow.
            try require((try? JSONDocument.parse(canonical)) == nil, "A control character in a string is read.")
        }
    }
}

/// The other reader: what it reads in a document, and where it may differ.
private enum FoundationJSON {
    static func read(_ bytes: [UInt8]) throws -> Any {
        try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
    }

    /// It refuses numbers beyond what a `Double` holds, which are kept as text here.
    static func holds(_ value: JSONValue) -> Bool {
        switch value {
        case .number(let text): Double(text).map { $0.isFinite } ?? false
        case .array(let elements): elements.allSatisfy(holds)
        case .object(let object): object.members.allSatisfy { holds($0.value) }
        default: true
        }
    }

    static func compare(_ value: JSONValue, with other: Any) throws {
        let isSame =
            switch value {
            case .null: other is NSNull
            case .boolean(let truth): other as? Bool == truth
            // It takes some of the large ones for decimal numbers, which it does not convert.
            case .integer(let number): other as? Int == number || (number.magnitude > 1 << 53 && other is NSDecimalNumber)
            case .number: other is NSNumber
            case .string(let text): (other as? String).map { isSameText(text, $0) } ?? false
            case .array(let elements): (other as? [Any])?.count == elements.count
            case .object: other is [String: Any]
            }
        try require(isSame, "Foundation reads \(other) where this is read: \(value)")
        switch (value, other) {
        case (.array(let elements), let others as [Any]):
            for (element, other) in zip(elements, others) { try compare(element, with: other) }
        case (.object(let object), let others as [String: Any]):
            // To its dictionaries, names that look the same are the same, and only one of them is left.
            let names = Set(object.members.map { withoutMarks($0.name) })
            guard names.count == object.members.count else { return }
            try require(others.count == object.members.count, "Foundation reads \(others.count) members in \(object)")
            let found = Dictionary(others.map { (withoutMarks($0.key), $0.value) }) { first, _ in first }
            for (name, value) in object.members {
                guard let other = found[withoutMarks(name)] else {
                    throw Finding(description: "Foundation does not read the member \(name).")
                }
                try compare(value, with: other)
            }
        default: break
        }
    }

    private static func isSameText(_ text: String, _ other: String) -> Bool {
        withoutMarks(text).utf8.elementsEqual(withoutMarks(other).utf8)
    }

    /// It takes a U+FEFF at the beginning of a piece of a string for a byte order mark, and drops it.
    private static func withoutMarks(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.filter { $0 != "\u{FEFF}" }))
    }
}
