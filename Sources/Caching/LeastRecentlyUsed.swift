/// Values by key, as many as there is room for: when there are more, the one that was used the longest ago is forgotten.
///
/// It is asked for each request, several times. So all of it can be inlined, and whoever asks gets code for the very types.
public struct LeastRecentlyUsed<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    @usableFromInline struct Node: Sendable {
        @usableFromInline let key: Key
        @usableFromInline var value: Value
        @usableFromInline var newer: Int?
        @usableFromInline var older: Int?

        @inlinable init(key: Key, value: Value) {
            self.key = key
            self.value = value
        }

        @inlinable mutating func change<Result>(_ change: (inout Value) -> Result) -> Result { change(&value) }
    }

    /// How many values there is room for, 1 or more.
    public let capacity: Int
    @usableFromInline var nodes: [Node?] = []
    @usableFromInline var vacant: [Int] = []
    @usableFromInline var places: [Key: Int] = [:]
    @usableFromInline var newest: Int?
    @usableFromInline var oldest: Int?

    @inlinable public init(capacity: Int) { self.capacity = max(1, capacity) }

    @inlinable public var count: Int { places.count }

    /// The value of a key, which counts as used.
    @inlinable public mutating func value(for key: Key) -> Value? {
        guard let place = places[key], let node = nodes[place] else { return nil }
        if newest != place {
            unlink(place)
            link(place)
        }
        return node.value
    }

    /// Changes the value of a key, which counts as used.
    /// - Returns: what the change returns; `nil` if there is no such key.
    @inlinable public mutating func update<Result>(_ key: Key, _ change: (inout Value) -> Result) -> Result? {
        guard let place = places[key] else { return nil }
        if newest != place {
            unlink(place)
            link(place)
        }
        return nodes[place]?.change(change)
    }

    /// What was used the longest ago. Asking is no use of it.
    @inlinable public var leastRecent: (key: Key, value: Value)? { oldest.flatMap { nodes[$0] }.map { ($0.key, $0.value) } }

    /// Keeps a value, in the place of an earlier one of that key.
    /// - Returns: what had to be forgotten for it.
    @discardableResult
    @inlinable public mutating func insert(_ value: Value, for key: Key) -> (key: Key, value: Value)? {
        if let place = places[key] {
            nodes[place]?.value = value
            unlink(place)
            link(place)
            return nil
        }
        var forgotten: (key: Key, value: Value)?
        if count == capacity, let oldest, let node = nodes[oldest] {
            remove(node.key)
            forgotten = (node.key, node.value)
        }
        let node = Node(key: key, value: value)
        let place: Int
        if let free = vacant.popLast() {
            place = free
            nodes[place] = node
        } else {
            place = nodes.count
            nodes.append(node)
        }
        places[key] = place
        link(place)
        return forgotten
    }

    @discardableResult
    @inlinable public mutating func remove(_ key: Key) -> Value? {
        guard let place = places.removeValue(forKey: key) else { return nil }
        unlink(place)
        let value = nodes[place]?.value
        nodes[place] = nil
        vacant.append(place)
        return value
    }

    /// Makes a node that is in no order the newest.
    @inlinable mutating func link(_ place: Int) {
        nodes[place]?.newer = nil
        nodes[place]?.older = newest
        if let newest { nodes[newest]?.newer = place }
        newest = place
        if oldest == nil { oldest = place }
    }

    @inlinable mutating func unlink(_ place: Int) {
        let newer = nodes[place]?.newer
        let older = nodes[place]?.older
        if let newer { nodes[newer]?.older = older } else { newest = older }
        if let older { nodes[older]?.newer = newer } else { oldest = newer }
    }
}
