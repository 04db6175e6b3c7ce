/// The members of a JSON object. Their order means nothing, so they are kept in the order that canonical JSON wants: that of the
/// names' UTF-8 bytes.
public struct JSONObject: Sendable, Equatable, ExpressibleByDictionaryLiteral {
    /// In the order of the names' bytes, each name once.
    public private(set) var members: [(name: String, value: JSONValue)] = []

    public init() {}

    /// Of several members of the same name the last one stays.
    public init(_ members: [(String, JSONValue)]) {
        for (name, value) in members { self[name] = value }
    }

    public init(dictionaryLiteral elements: (String, JSONValue)...) { self.init(elements) }

    /// - Returns: `nil` if a name occurs twice: readers differ in which of the two they believe.
    init?(unsorted: [(name: String, value: JSONValue)]) {
        members = unsorted
        let isSorted = zip(unsorted, unsorted.dropFirst()).allSatisfy { ExactName($0.name) < ExactName($1.name) }
        if isSorted { return }
        members.sort { ExactName($0.name) < ExactName($1.name) }
        for (one, next) in zip(members, members.dropFirst()) where one.name.isExactly(next.name) { return nil }
    }

    public var isEmpty: Bool { members.isEmpty }

    public subscript(_ name: String) -> JSONValue? {
        get {
            let place = place(of: name)
            return isMember(name, at: place) ? members[place].value : nil
        }
        set {
            let place = place(of: name)
            switch (newValue, isMember(name, at: place)) {
            case (let value?, true): members[place].value = value
            case (let value?, false): members.insert((name, value), at: place)
            case (nil, true): members.remove(at: place)
            case (nil, false): break
            }
        }
    }

    /// These members and the others; of two of the same name this one's stays.
    func adding(_ others: JSONObject) -> JSONObject {
        var all = others
        for member in members { all[member.name] = member.value }
        return all
    }

    public static func == (one: Self, other: Self) -> Bool {
        one.members.elementsEqual(other.members) { $0.name.isExactly($1.name) && $0.value == $1.value }
    }

    private func place(of name: String) -> Int {
        let name = ExactName(name)
        var low = 0
        var high = members.count
        while low < high {
            let middle = (low + high) / 2
            if ExactName(members[middle].name) < name { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func isMember(_ name: String, at place: Int) -> Bool {
        place < members.count && members[place].name.isExactly(name)
    }
}
