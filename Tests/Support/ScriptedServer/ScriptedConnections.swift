import Synchronization

/// The connections that a scripted server is serving.
///
/// Each is served from the moment it is accepted. An asynchronous sequence of connections would drop what it still holds when it is
/// cancelled, and NIO ends the process for a channel that was never run.
final class ScriptedConnections: Sendable {
    private struct State {
        var tasks: [Int: Task<Void, Never>] = [:]
        var hasEnded = false
    }

    private let state = Mutex(State())

    /// Serves a connection; after the end the task is cancelled from the start.
    func begin(_ number: Int, _ serve: @escaping @Sendable () async -> Void) {
        state.withLock { state in
            let task = Task {
                await serve()
                self.state.withLock { $0.tasks[number] = nil }
            }
            if state.hasEnded { task.cancel() }
            state.tasks[number] = task
        }
    }

    /// Has all connections end.
    @discardableResult
    func cancel() -> [Task<Void, Never>] {
        let tasks = state.withLock { state in
            state.hasEnded = true
            return Array(state.tasks.values)
        }
        for task in tasks { task.cancel() }
        return tasks
    }

    /// Ends all connections, and waits until they are closed.
    func end() async { for task in cancel() { await task.value } }
}
