import Synchronization

/// Wakes whoever waits for it; rung while nobody waits, it wakes the next who does. Rung several times, it wakes once.
///
/// One waits at a time: a second one who waits ends the first one's waiting.
public final class Bell: Sendable {
    private struct State {
        var isRung = false
        var waiting: (id: Int, continuation: CheckedContinuation<Void, Never>)?
        var last = 0
    }

    private let state = Mutex(State())

    public init() {}

    public func ring() {
        let waiting = state.withLock { state in
            let waiting = state.waiting
            state.waiting = nil
            if waiting == nil { state.isRung = true }
            return waiting
        }
        waiting?.continuation.resume()
    }

    /// Waits until it rings, or until the task is cancelled.
    public func wait() async {
        let id = state.withLock { state in
            state.last += 1
            return state.last
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let ended: CheckedContinuation<Void, Never>? = state.withLock { state in
                    if state.isRung || Task.isCancelled {
                        if !Task.isCancelled { state.isRung = false }
                        return continuation
                    }
                    let before = state.waiting
                    state.waiting = (id, continuation)
                    return before?.continuation
                }
                ended?.resume()
            }
        } onCancel: {
            let waiting = state.withLock { state -> CheckedContinuation<Void, Never>? in
                guard state.waiting?.id == id else { return nil }
                defer { state.waiting = nil }
                return state.waiting?.continuation
            }
            waiting?.resume()
        }
    }
}
