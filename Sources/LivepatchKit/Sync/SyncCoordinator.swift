public import FoundationEssentials

/// Sees to it that one sync runs at a time, in this process and in all that share the data directory, lets others join it, and keeps
/// its report.
public actor SyncCoordinator {
    /// A sync that was begun or joined.
    public struct Handle: Sendable {
        /// Whether the sync was under way already.
        public let joined: Bool
        /// How far it is, now and whenever that changes; ends with the sync. A slow reader misses what is out of date.
        public let progress: AsyncStream<SyncProgress>
        private let task: Task<SyncReport, any Error>

        init(joined: Bool, progress: AsyncStream<SyncProgress>, task: Task<SyncReport, any Error>) {
            self.joined = joined
            self.progress = progress
            self.task = task
        }

        /// Waits for the end.
        /// - Throws: ``LivepatchError`` with the code `sync-under-way` if another process is syncing the same data directory, or
        ///   what keeping the report failed with.
        public func report() async throws -> SyncReport { try await task.value }
    }

    private struct Running {
        let id: UUID
        let task: Task<SyncReport, any Error>
        var progress: SyncProgress
        var listeners: [UUID: AsyncStream<SyncProgress>.Continuation] = [:]
        /// What it is doing now; `nil` before it has the locks.
        var attempt: Task<SyncReport, any Error>?
        /// Why it is to begin anew.
        var interruption: String?
    }

    private let syncLock: any StorageLock
    private let storageLock: any StorageLock
    private let reports: any SyncReportStore
    private let run: @Sendable (_ acceptsRemovals: Bool, @escaping @Sendable (SyncProgress) -> Void) async throws -> SyncReport
    private let now: @Sendable () -> Date
    private var current: Running?
    private var isClosed = false

    /// - Parameters:
    ///   - syncLock: held exclusively while a sync runs.
    ///   - storageLock: held shared while a sync runs, so that nothing it has fetched is taken for garbage.
    ///   - run: one sync, such as ``SyncRun``.
    ///   - now: the current time.
    public init(
        syncLock: any StorageLock, storageLock: any StorageLock, reports: any SyncReportStore,
        now: @escaping @Sendable () -> Date,
        run: @escaping @Sendable (_ acceptsRemovals: Bool, @escaping @Sendable (SyncProgress) -> Void) async throws -> SyncReport
    ) {
        self.syncLock = syncLock
        self.storageLock = storageLock
        self.reports = reports
        self.now = now
        self.run = run
    }

    /// How far the sync is that runs now; `nil` if none does.
    public var running: SyncProgress? { current?.progress }

    /// Begins a sync, or joins the one under way (which then keeps what it was begun with).
    public func trigger(acceptsRemovals: Bool = false) throws -> Handle {
        if isClosed { throw LivepatchError(.unavailable, "The server is stopping.", suggestion: "Try again when it is back.") }
        if let current { return handle(joined: true, current.task) }
        let id = UUID()
        let task = Task { try await self.sync(id, acceptsRemovals) }
        current = Running(id: id, task: task, progress: SyncProgress(started: now()))
        return handle(joined: false, task)
    }

    /// Has the sync under way begin anew from the upstream's head, for something that must not wait until it has ended. What has
    /// arrived stays. Without a sync under way, nothing happens.
    /// - Parameter reason: what the report notes.
    public func beginAnew(_ reason: String) {
        guard !isClosed, let attempt = current?.attempt else { return }
        current?.interruption = reason
        attempt.cancel()
    }

    /// Cancels the sync under way, waits for its end, and begins no other. What has arrived stays for the next time.
    public func close() async {
        isClosed = true
        current?.task.cancel()
        _ = await current?.task.result
    }

    private func handle(joined: Bool, _ task: Task<SyncReport, any Error>) -> Handle {
        let (stream, continuation) = AsyncStream.makeStream(of: SyncProgress.self, bufferingPolicy: .bufferingNewest(1))
        let id = UUID()
        if let progress = current?.progress { continuation.yield(progress) }
        current?.listeners[id] = continuation
        continuation.onTermination = { _ in Task { await self.forget(id) } }
        return Handle(joined: joined, progress: stream, task: task)
    }

    private func forget(_ listener: UUID) { current?.listeners[listener] = nil }

    private func note(_ progress: SyncProgress, of id: UUID) {
        guard current?.id == id else { return }
        current?.progress = progress
        for listener in current?.listeners.values.map({ $0 }) ?? [] { listener.yield(progress) }
    }

    private func sync(_ id: UUID, _ acceptsRemovals: Bool) async throws -> SyncReport {
        defer {
            for listener in current?.listeners.values.map({ $0 }) ?? [] { listener.finish() }
            current = nil
        }
        let (events, continuation) = AsyncStream.makeStream(of: SyncProgress.self, bufferingPolicy: .bufferingNewest(1))
        let relay = Task { for await progress in events { self.note(progress, of: id) } }
        defer { relay.cancel() }
        let report = try await syncLock.tryExclusive {
            try await storageLock.withShared {
                let report = try await attempts(acceptsRemovals) { continuation.yield($0) }
                continuation.finish()
                await relay.value
                return try await reports.add(report)
            }
        }
        guard let report else {
            throw LivepatchError(
                .syncUnderWay, "Another process is syncing this data directory.",
                suggestion: "Wait for it to end; `livepatch-sync run` and a server's own sync exclude each other.")
        }
        return report
    }

    /// Runs until nothing interrupts it.
    private func attempts(
        _ acceptsRemovals: Bool, _ progress: @escaping @Sendable (SyncProgress) -> Void
    ) async throws -> SyncReport {
        var interrupted: SyncReport?
        while true {
            let attempt = Task { [run] in try await run(acceptsRemovals, progress) }
            current?.attempt = attempt
            let result = await withTaskCancellationHandler {
                await attempt.result
            } onCancel: {
                attempt.cancel()
            }
            current?.attempt = nil
            let reason = current?.interruption
            current?.interruption = nil
            var report = try result.get()
            if let interrupted { report.continue(interrupted) }
            // One that ended before it noticed has only been in time.
            guard let reason, !Task.isCancelled, !isClosed, !report.isSuccess else { return report }
            report.notes.append(reason)
            interrupted = report
        }
    }
}
