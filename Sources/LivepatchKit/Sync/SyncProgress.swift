public import FoundationEssentials

/// How far a sync is.
public struct SyncProgress: Hashable, Sendable, Codable {
    public enum Phase: String, Sendable, Codable, CaseIterable {
        /// Reading the upstream's documents and working out what is missing.
        case planning
        /// Fetching content.
        case transferring
        /// Switching to the new view.
        case committing
    }

    public var started: Date
    public var phase: Phase
    /// The upstream that is asked, without credentials.
    public var upstream: String?
    /// Files of the view that changed or were missing: those to fetch, and those whose content is there already.
    public var filesToFetch: Int
    public var filesSkipped: Int
    /// Files that have arrived, and files that were given up.
    public var filesDone: Int
    public var filesFailed: Int
    /// Content to fetch in bytes, what of it earlier syncs left included.
    public var bytesToFetch: Int64
    /// Of that, what is here.
    public var bytesDone: Int64

    public init(
        started: Date, phase: Phase = .planning, upstream: String? = nil, filesToFetch: Int = 0, filesSkipped: Int = 0,
        filesDone: Int = 0, filesFailed: Int = 0, bytesToFetch: Int64 = 0, bytesDone: Int64 = 0
    ) {
        self.started = started
        self.phase = phase
        self.upstream = upstream
        self.filesToFetch = filesToFetch
        self.filesSkipped = filesSkipped
        self.filesDone = filesDone
        self.filesFailed = filesFailed
        self.bytesToFetch = bytesToFetch
        self.bytesDone = bytesDone
    }
}
