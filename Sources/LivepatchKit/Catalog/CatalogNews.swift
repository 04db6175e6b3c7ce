import Synchronization

/// Tells when the catalogue's revision has moved.
public protocol CatalogNews: Sendable {
    /// An element after transactions of this process that have increased ``Catalog/revision()``. Several that a slow listener has not
    /// heard of yet are one. What another process changes is not told.
    func changes() -> AsyncStream<Void>
}

/// Who wants to know of something, told all at once; what stores are made with that tell their ``CatalogNews``.
public final class NewsListeners: Sendable {
    private struct State {
        var last = 0
        var listeners: [Int: AsyncStream<Void>.Continuation] = [:]
    }

    private let state = Mutex(State())

    public init() {}

    public func tell() {
        let listeners = state.withLock { Array($0.listeners.values) }
        for listener in listeners { listener.yield() }
    }

    /// Ends with whoever reads it.
    public func listen() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let id = state.withLock { state in
            state.last += 1
            state.listeners[state.last] = continuation
            return state.last
        }
        continuation.onTermination = { [weak self] _ in self?.forget(id) }
        return stream
    }

    private func forget(_ id: Int) { state.withLock { $0.listeners[id] = nil } }
}
