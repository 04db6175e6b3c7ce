import FoundationEssentials

/// Keeps the account of one sync's progress, and tells it.
actor SyncProgressMeter {
    private var progress: SyncProgress
    private let publish: @Sendable (SyncProgress) -> Void

    init(started: Date, publish: @escaping @Sendable (SyncProgress) -> Void) {
        progress = SyncProgress(started: started)
        self.publish = publish
    }

    /// Begins, or begins anew.
    func begin(with upstream: String) {
        progress = SyncProgress(started: progress.started, upstream: upstream)
        publish(progress)
    }

    func enter(_ phase: SyncProgress.Phase) {
        progress.phase = phase
        publish(progress)
    }

    func plan(files: Int, bytes: Int64, skipped: Int) {
        progress.filesToFetch += files
        progress.bytesToFetch += bytes
        progress.filesSkipped += skipped
        publish(progress)
    }

    func note(_ event: Transfers.Event) {
        switch event {
        case .bytes(let count, _): progress.bytesDone += count
        case .done: progress.filesDone += 1
        case .failed: progress.filesFailed += 1
        }
        publish(progress)
    }
}
