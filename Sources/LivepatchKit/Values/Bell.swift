import Synchronization

/// Wakes whoever waits for it; rung while nobody waits, it wakes the next who does. Rung several times, it wakes once.
///
/// One waits at a time: a second one who waits ends the first one's waiting.
public final class Bell: Sendable {
    private struct State {
        var isRung = false
        var waiting: (id: Int, continuation: CheckedContinuation<Bool, Never>)?
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
        waiting?.continuation.resume(returning: true)
    }

    /// Waits until it rings, or until the task is cancelled.
    /// - Returns: whether it rang, even if the task was cancelled at the same moment: this ring wakes nobody else.
    @discardableResult
    public func wait() async -> Bool {
        let id = state.withLock { state in
            state.last += 1
            return state.last
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let (ended, rang): (CheckedContinuation<Bool, Never>?, Bool) = state.withLock { state in
                    if Task.isCancelled { return (continuation, false) }
                    if state.isRung {
                        state.isRung = false
                        return (continuation, true)
                    }
                    let before = state.waiting
                    state.waiting = (id, continuation)
                    return (before?.continuation, false)
                }
                ended?.resume(returning: rang)
            }
        } onCancel: {
            let waiting = state.withLock { state -> CheckedContinuation<Bool, Never>? in
                guard state.waiting?.id == id else { return nil }
                defer { state.waiting = nil }
                return state.waiting?.continuation
            }
            waiting?.resume(returning: false)
        }
    }
}
