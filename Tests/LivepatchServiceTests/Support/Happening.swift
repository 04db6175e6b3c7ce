import Synchronization

/// Something that happens once, when told to.
final class Happening: Sendable {
    private let state = Mutex<(hasHappened: Bool, waiting: [CheckedContinuation<Void, Never>])>((false, []))

    /// Waits until it has happened.
    func wait() async {
        await withCheckedContinuation { continuation in
            let hasHappened = state.withLock { state in
                if !state.hasHappened { state.waiting.append(continuation) }
                return state.hasHappened
            }
            if hasHappened { continuation.resume() }
        }
    }

    func happen() {
        let waiting = state.withLock { state in
            state.hasHappened = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}
