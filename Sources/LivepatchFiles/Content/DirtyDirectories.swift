import Synchronization

/// Directories whose entries have changed and are not known to be on the medium. Flushing is shared: however many tasks ask, one
/// pass runs and at most one more waits, which covers everything that was marked before it began.
final class DirtyDirectories: Sendable {
    private struct State {
        var marked: Set<Folder> = []
        var running: Task<Void, any Error>?
        var waiting: Task<Void, any Error>?
        /// What another process left unflushed when it ended is not known, so the first pass takes everything.
        var tookEverything = false
    }

    /// From how many directories on their file system is flushed, with what others may have written into it.
    static let together = 8

    private let state = Mutex(State())
    private let lane: Lane
    private let calls: FileCalls
    private let everything: @Sendable () throws -> [Folder]

    /// - Parameter everything: all directories that there are.
    init(lane: Lane, calls: FileCalls, everything: @escaping @Sendable () throws -> [Folder]) {
        self.lane = lane
        self.calls = calls
        self.everything = everything
    }

    func mark(_ folders: [Folder]) {
        state.withLock { $0.marked.formUnion(folders) }
    }

    /// Returns after everything that was marked before the call is on the medium.
    func flush() async throws {
        let pass = state.withLock { state in
            if let waiting = state.waiting { return waiting }
            let running = state.running
            let pass = Task {
                _ = await running?.result
                try await self.pass()
            }
            state.waiting = pass
            return pass
        }
        try await pass.value
    }

    /// Flushes the file system of several directories at once.
    /// - Returns: `false` where that is not possible, or went wrong.
    private static func flushTogether(_ folders: Set<Folder>, _ calls: FileCalls) throws -> Bool {
        guard folders.count >= Self.together, let folder = folders.max(by: { $0.path.utf8.count < $1.path.utf8.count }),
            folder.flushFileSystem(calls: calls)
        else { return false }
        // Some kernels do not tell by the former that a file system could not write its journal.
        try folder.flush(calls: calls)
        return true
    }

    private func pass() async throws {
        let (marked, isFirst) = state.withLock { state in
            state.running = state.waiting
            state.waiting = nil
            defer { state.marked = [] }
            return (state.marked, !state.tookEverything)
        }
        do {
            try await lane.run { [calls, everything] in
                let folders = isFirst ? marked.union(try everything()) : marked
                guard try !Self.flushTogether(folders, calls) else { return }
                for folder in folders.sorted(by: { $0.path < $1.path }) { try folder.flush(calls: calls) }
            }
            if isFirst { state.withLock { $0.tookEverything = true } }
        } catch {
            mark(Array(marked))
            throw error
        }
    }
}
