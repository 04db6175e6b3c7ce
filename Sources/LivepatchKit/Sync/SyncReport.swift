public import FoundationEssentials

/// What one sync did.
public struct SyncReport: Hashable, Sendable, Codable {
    /// How a sync ended.
    public enum Result: String, Sendable, Codable, CaseIterable {
        /// The upstream has nothing that this server lacks.
        case unchanged
        /// The catalogue is what the upstream shows.
        case complete
        /// The catalogue is what the upstream shows, but for the files in ``SyncReport/failures``.
        case partial
        /// The catalogue is as it was before, except for blocks, which are applied first.
        case failed
    }

    /// One thing that went wrong.
    public struct Failure: Hashable, Sendable, Codable {
        /// The file that could not be had; `nil` if it was not about one file.
        public let file: PatchFileName?
        /// A ``LivepatchError/Code``.
        public let code: String
        /// What went wrong and what to do.
        public let message: String

        public init(file: PatchFileName?, code: String, message: String) {
            self.file = file
            self.code = code
            self.message = message
        }
    }

    /// Grows with every report.
    public var id: Int64
    public var started: Date
    public var ended: Date
    public var result: Result
    /// The upstream that answered, without credentials; `nil` if none was reached.
    public var upstream: String?
    /// Documents fetched, and their bytes.
    public var documents: Int
    public var documentBytes: Int64
    /// Files that were fetched, and the bytes that this took.
    public var files: Int
    public var bytes: Int64
    /// Files whose content was there already.
    public var skipped: Int
    /// Patch versions that came, changed and went.
    public var versionsAdded: [PatchVersion]
    public var versionsChanged: [PatchVersion]
    public var versionsRemoved: [PatchVersion]
    public var failures: [Failure]
    /// What the administrator should know besides, in whole sentences.
    public var notes: [String]
    /// What became of the report to the upstream that follows the sync; `nil` if there was none.
    public var fleet: FleetDelivery?
    /// How many seconds ago what the upstream showed was the origin's; `nil` if it did not say so.
    public var upstreamLagSeconds: Int64?
    /// How many seconds after it was signed what is new was here: released at the origin, or moved between tiers by the server that
    /// owns them. Signatures tell the time to the second. `nil` if nothing is new or signed, and of the first sync.
    public var propagationSeconds: Double?

    /// Whether this server has all that its upstream showed.
    public var isSuccess: Bool { result == .complete || result == .unchanged }

    public init(
        id: Int64 = 0, started: Date, ended: Date, result: Result, upstream: String? = nil, documents: Int = 0,
        documentBytes: Int64 = 0, files: Int = 0, bytes: Int64 = 0, skipped: Int = 0, versionsAdded: [PatchVersion] = [],
        versionsChanged: [PatchVersion] = [], versionsRemoved: [PatchVersion] = [], failures: [Failure] = [],
        notes: [String] = [], fleet: FleetDelivery? = nil
    ) {
        self.id = id
        self.started = started
        self.ended = ended
        self.result = result
        self.upstream = upstream
        self.documents = documents
        self.documentBytes = documentBytes
        self.files = files
        self.bytes = bytes
        self.skipped = skipped
        self.versionsAdded = versionsAdded
        self.versionsChanged = versionsChanged
        self.versionsRemoved = versionsRemoved
        self.failures = failures
        self.notes = notes
        self.fleet = fleet
    }

    /// Takes on what an earlier attempt of the same sync did and cost. What failed there was tried again.
    mutating func `continue`(_ earlier: SyncReport) {
        started = earlier.started
        documents += earlier.documents
        documentBytes += earlier.documentBytes
        files += earlier.files
        bytes += earlier.bytes
        notes = earlier.notes + notes
    }
}

/// Where reports are kept.
public protocol SyncReportStore: Sendable {
    /// Keeps a report, of which only the newest thousand are kept.
    /// - Returns: the report with its number.
    func add(_ report: SyncReport) async throws -> SyncReport
    /// Newest first.
    func reports(limit: Int) async throws -> [SyncReport]
}
