public import LivepatchKit
import Synchronization

/// A lock between the tasks of one process. Who waits is served in the order of asking, and waits without end.
public final class InMemoryStorageLock: StorageLock {
    private struct Waiter {
        let exclusively: Bool
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var shared = 0
        var isExclusive = false
        var waiters: [Waiter] = []

        func admits(exclusively: Bool) -> Bool { exclusively ? shared == 0 && !isExclusive : !isExclusive }

        mutating func take(exclusively: Bool) {
            if exclusively { isExclusive = true } else { shared += 1 }
        }
    }

    private let state = Mutex(State())

    public init() {}

    public func withShared<Value>(_ body: () async throws -> Value) async throws -> Value {
        await acquire(exclusively: false)
        defer { release(exclusively: false) }
        return try await body()
    }

    public func withExclusive<Value>(_ body: () async throws -> Value) async throws -> Value {
        await acquire(exclusively: true)
        defer { release(exclusively: true) }
        return try await body()
    }

    public func tryExclusive<Value>(_ body: () async throws -> Value) async throws -> Value? {
        let isTaken = state.withLock { state in
            guard state.admits(exclusively: true), state.waiters.isEmpty else { return false }
            state.take(exclusively: true)
            return true
        }
        guard isTaken else { return nil }
        defer { release(exclusively: true) }
        return try await body()
    }

    private func acquire(exclusively: Bool) async {
        await withCheckedContinuation { continuation in
            let isTaken = state.withLock { state in
                // Nobody overtakes, so that whoever waits for the lock alone gets it.
                guard state.admits(exclusively: exclusively), state.waiters.isEmpty else {
                    state.waiters.append(Waiter(exclusively: exclusively, continuation: continuation))
                    return false
                }
                state.take(exclusively: exclusively)
                return true
            }
            if isTaken { continuation.resume() }
        }
    }

    private func release(exclusively: Bool) {
        let woken = state.withLock { state in
            if exclusively { state.isExclusive = false } else { state.shared -= 1 }
            var woken: [Waiter] = []
            while let next = state.waiters.first, state.admits(exclusively: next.exclusively) {
                state.take(exclusively: next.exclusively)
                woken.append(state.waiters.removeFirst())
            }
            return woken
        }
        for waiter in woken { waiter.continuation.resume() }
    }
}
