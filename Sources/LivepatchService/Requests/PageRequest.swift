import Hummingbird
import LivepatchAPI
import LivepatchKit

/// Which page of a list a request asks for.
struct PageRequest: Sendable {
    /// How many items at most.
    let limit: Int
    /// The key of the last item of the page before; `nil` for the first page.
    let after: String?

    /// - Throws: ``LivepatchError`` with the code `malformed-request`.
    init(_ request: Request, usually: Int = 100) throws {
        limit = Int(try RequestReading.number(PageQuery.limit, in: PageQuery.limits, of: request) ?? Int64(usually))
        after = try request.uri.queryParameters[PageQuery.cursor[...]].map { try PageCursor(parsing: String($0)).key }
    }

    /// The key of the page before as a value.
    /// - Throws: ``LivepatchError`` with the code `malformed-request` if it is none.
    func place<Key>(_ read: (String) throws -> Key) throws -> Key? {
        guard let after else { return nil }
        guard let key = try? read(after) else { throw PageCursor.refusal }
        return key
    }

    /// A number as the key of the page before.
    func number() throws -> Int64? {
        try place { text in
            guard let number = Int64(text) else { throw PageCursor.refusal }
            return number
        }
    }

    /// What is to be fetched so that it can be told whether there is more.
    var oneMore: Int { limit + 1 }

    /// The page out of what was fetched, which begins behind the page before and is one more than wanted if there is more.
    func first<Item>(of items: [Item], key: (Item) -> String) -> (items: [Item], next: String?) {
        let page = Array(items.prefix(limit))
        return (page, items.count > limit ? page.last.map { PageCursor(key: key($0)).rawValue } : nil)
    }

    /// The page out of a whole list that is in order of its keys.
    func page<Item, Key: TextCodable & Comparable>(
        of items: [Item], inOrderOf key: (Item) -> Key
    ) throws -> (items: [Item], next: String?) {
        var rest = items
        if let last = try place(Key.init(parsing:)) { rest = Array(items.drop { key($0) <= last }.prefix(oneMore)) }
        return first(of: rest) { key($0).description }
    }

    /// The page out of a whole list in order of names, of which several items may have the same.
    func page<Item>(of items: [Item], named name: (Item) -> String) throws -> (items: [Item], next: String?) {
        var seen: [String: Int] = [:]
        let keyed = items.map { item in
            let count = seen[name(item), default: 0]
            seen[name(item)] = count + 1
            return (item: item, key: "\(count) \(name(item))")
        }
        var rest = keyed[...]
        if let after {
            guard let index = keyed.firstIndex(where: { $0.key == after }) else { throw PageCursor.refusal }
            rest = keyed[(index + 1)...]
        }
        let (page, next) = first(of: Array(rest.prefix(oneMore)), key: \.key)
        return (page.map(\.item), next)
    }
}
