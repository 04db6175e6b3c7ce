import LivepatchKit

/// Two listings in order of digest as one, without holding either in memory.
actor MergedContents {
    /// Which side has a content.
    enum Holder {
        case first, second, both
    }

    private var first: AsyncThrowingStream<StoredContent, any Error>.Iterator
    private var second: AsyncThrowingStream<StoredContent, any Error>.Iterator
    private var firstHead: StoredContent?
    private var secondHead: StoredContent?
    private var isBegun = false

    init(
        _ first: AsyncThrowingStream<StoredContent, any Error>, _ second: AsyncThrowingStream<StoredContent, any Error>
    ) {
        self.first = first.makeAsyncIterator()
        self.second = second.makeAsyncIterator()
    }

    func next() async throws -> (content: StoredContent, holder: Holder)? {
        if !isBegun {
            isBegun = true
            try await moveFirst()
            try await moveSecond()
        }
        let holder: Holder
        switch (firstHead, secondHead) {
        case (nil, nil): return nil
        case (_?, nil): holder = .first
        case (nil, _?): holder = .second
        case (let one?, let other?):
            holder = one.digest == other.digest ? .both : Self.precedes(one, other) ? .first : .second
        }
        guard let content = holder == .second ? secondHead : firstHead else { return nil }
        if holder != .second { try await moveFirst() }
        if holder != .first { try await moveSecond() }
        return (content, holder)
    }

    // An iterator is a value that is used while this actor waits for it: it is taken out and put back.

    private func moveFirst() async throws {
        var iterator = first
        firstHead = try await iterator.next(isolation: self)
        first = iterator
    }

    private func moveSecond() async throws {
        var iterator = second
        secondHead = try await iterator.next(isolation: self)
        second = iterator
    }

    private static func precedes(_ left: StoredContent, _ right: StoredContent) -> Bool {
        left.digest.bytes.lexicographicallyPrecedes(right.digest.bytes)
    }
}
