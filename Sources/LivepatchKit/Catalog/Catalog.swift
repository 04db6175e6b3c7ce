public import FoundationEssentials

/// The number that every change of what a downstream or a machine could see increases.
public struct CatalogRevision: Hashable, Sendable, Comparable, Codable {
    public let rawValue: Int64

    public init(rawValue: Int64) { self.rawValue = rawValue }

    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    public init(from decoder: any Decoder) throws { rawValue = try decoder.singleValueContainer().decode(Int64.self) }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}

/// Tells the catalogue's revision to whoever cannot wait, such as a thread that all connections wait for.
public protocol PromptRevision: Sendable {
    /// The revision as it is now, whoever changed it, this process or another. Takes some microseconds, and waits for no writer.
    /// - Returns: `nil` if that cannot be told at once.
    func revisionAtOnce() -> CatalogRevision?
}

/// What a server knows: patch versions and their files, tiers and blocks, and how they came to be so.
///
/// Every function is one transaction: it happens whole or not at all, and whoever reads afterwards sees it. A change to what
/// anybody could see increases ``revision()``; one that changes nothing does not. Another process may change the same catalogue.
public protocol Catalog: DocumentCache {
    // MARK: Reading

    func revision() async throws -> CatalogRevision
    /// This server's id. Generated and kept at the first call.
    func deployment() async throws -> DeploymentID
    /// Gives this server a configured id.
    func setDeployment(_ id: DeploymentID) async throws

    /// Tiers, memberships and blocks, with the revision that they belong to.
    func tierState() async throws -> (state: TierState, revision: CatalogRevision)
    /// A line for each patch version, in order.
    func versions() async throws -> [PatchVersionRecord]
    func version(_ version: PatchVersion) async throws -> PatchVersionRecord?
    /// The files of a version, in order of name; empty if the version is unknown.
    func files(of version: PatchVersion) async throws -> [PatchFileRecord]
    func file(_ name: PatchFileName) async throws -> PatchFileRecord?
    /// Those of the files with these names that there are, in order of name.
    func files(named names: [PatchFileName]) async throws -> [PatchFileRecord]
    /// What ``file(_:)`` finds, with the revision that it belongs to.
    func fileAndRevision(_ name: PatchFileName) async throws -> (record: PatchFileRecord?, revision: CatalogRevision)
    /// The names of files with that content, in order.
    func files(holding digest: SHA256Digest) async throws -> [PatchFileRecord]

    // MARK: Patches in

    /// Adds a file at an origin. A version that is new enters the first tier, and the version's document is made anew when it is
    /// next asked for.
    /// - Returns: `false` if exactly this file is there already; then it is available again if it was not.
    /// - Throws: ``LivepatchError`` with the code `patch-content-differs` if the name is taken by other content.
    func add(_ file: PatchFile, entry: ChangeEntry) async throws -> Bool
    /// Says that the content of files is damaged or missing (`false`), or there (`true`), whether it was missing or had not been fetched
    /// yet. What is not available is not served; the next sync is told to look (``SyncBasis`` is forgotten). That awaited content has
    /// come changes nothing that others could see.
    func setAvailable(_ available: Bool, _ names: [PatchFileName]) async throws
    /// Forgets files. A version without files is forgotten too.
    func removeFiles(_ names: [PatchFileName], entry: ChangeEntry) async throws

    // MARK: Tiers

    /// Applies a change and records it, if the catalogue still has the revision that the plan was made from.
    /// - Returns: the record's number.
    /// - Throws: ``LivepatchError`` with the code `catalogue-changed`.
    func apply(_ change: TierChange, entry: ChangeEntry, expecting revision: CatalogRevision) async throws -> Int64
    /// Records a change of something else than tiers and blocks.
    func record(_ entry: ChangeEntry) async throws
    /// Recorded changes, newest first, before a number if one is given.
    func history(limit: Int, before: Int64?) async throws -> [ChangeRecord]
    func change(_ id: Int64) async throws -> ChangeRecord?
    /// Snapshots, newest first.
    func tierSnapshots() async throws -> [TierSnapshot]

    // MARK: Documents

    /// The bytes of a version's document; `nil` if it has to be made from ``files(of:)`` first.
    func versionDocument(_ version: PatchVersion) async throws -> PublishedDocument?
    /// Keeps a version's document that was made from its files, in the place of an earlier one, if the catalogue still has that
    /// revision. Does not increase it.
    func setVersionDocument(_ version: PatchVersion, _ document: PublishedDocument, expecting revision: CatalogRevision)
        async throws

    // MARK: Sync

    /// Where the last sync ended.
    func syncState() async throws -> SyncState
    /// Replaces all blocks by other deployments with the upstream's.
    /// - Returns: what that changed.
    @discardableResult func applyRevocations(_ blocks: [Block], entry: ChangeEntry) async throws -> TierChange
    /// Switches to a new view. The route and the filters of the sync's state are part of what downstreams see.
    /// - Throws: ``LivepatchError`` with the code `catalogue-changed` if the catalogue no longer has the revision that the commit
    ///   was made from.
    func commit(_ commit: SyncCommit) async throws
}

/// A patch version as the catalogue has it.
public struct PatchVersionRecord: Hashable, Sendable, Codable {
    /// Where a version came from.
    public enum Source: String, Sendable, Codable, CaseIterable {
        case imported, synced
    }

    public let version: PatchVersion
    public let source: Source
    /// When it first was in this catalogue.
    public let arrived: Date
    /// The earliest release time of its files.
    public let released: Date
    public let files: Int
    /// How many of the files can be served, those included whose content is fetched first.
    public let available: Int
    /// How many of the available files are awaited (``PatchFileRecord/awaited``); `nil` for none.
    public let awaited: Int?
    /// All files together, in bytes.
    public let bytes: Int64
    /// The CVEs of all files, sorted.
    public let cves: [String]
    /// The document that it was synced from, or that was made of its files; `nil` if it has to be made (again).
    public let document: DocumentReference?

    public init(
        version: PatchVersion, source: Source, arrived: Date, released: Date, files: Int, available: Int, awaited: Int = 0,
        bytes: Int64, cves: [String], document: DocumentReference?
    ) {
        self.version = version
        self.source = source
        self.arrived = arrived
        self.released = released
        self.files = files
        self.available = available
        self.awaited = awaited == 0 ? nil : awaited
        self.bytes = bytes
        self.cves = cves
        self.document = document
    }
}

/// A patch file as the catalogue has it.
public struct PatchFileRecord: Hashable, Sendable, Codable {
    public let file: PatchFile
    /// Whether it can be served: its content is in the storage, as far as is known, or ``awaited``.
    public let available: Bool
    /// `true` if its content was never here, and is fetched from the upstream when it is first asked for; otherwise `nil`.
    public let awaited: Bool?

    /// Whether it is available, and its content is fetched first.
    public var isAwaited: Bool { awaited == true }

    public init(file: PatchFile, available: Bool, awaited: Bool = false) {
        self.file = file
        self.available = available
        self.awaited = available && awaited ? true : nil
    }
}
