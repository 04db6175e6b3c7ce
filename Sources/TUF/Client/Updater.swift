/// Keeps a client's metadata up to date, finds targets and downloads them: ``ClientWorkflow`` with a cache and a fetcher.
///
/// ```swift
/// var updater = Updater(cache: DirectoryMetadataCache("metadata"), fetcher: fetcher)
/// try await updater.refresh()
/// guard let target = try await updater.target("apps/tool.tar.gz") else { … }
/// try await updater.download(target, to: "tool.tar.gz")
/// ```
/// One updater is one update: what is expired is decided by the moment at which it was made, and all that it fetches belongs to
/// one snapshot. Make another one for the next update.
public struct Updater: Sendable {
    private let cache: any MetadataCache
    private let transfer: Transfer
    private let limits: ClientLimits
    private var workflow: ClientWorkflow

    /// - Parameters:
    ///   - cache: with a trusted root in it; see ``trust(_:in:)``.
    ///   - startTime: the moment that decides what is expired (specification, section 5.1).
    ///   - inspect: what an application demands of documents beyond the specification; what it refuses is neither believed nor written
    ///     to the cache.
    public init(
        cache: any MetadataCache, fetcher: any RepositoryFetcher, limits: ClientLimits = ClientLimits(),
        startTime: MetadataTime = .now(), inspect: @escaping TrustedMetadata.Inspection = TrustedMetadata.noInspection
    ) {
        self.cache = cache
        self.limits = limits
        transfer = Transfer(fetcher: fetcher, limits: limits)
        workflow = ClientWorkflow(startTime: startTime, limits: limits, inspect: inspect)
    }

    /// Puts a root, that came by a way of its own, into a cache: from now on it is where trust begins. Asks nobody.
    /// - Throws: ``TUFError`` if it is no root, or not signed by its own keys; what the cache throws.
    public static func trust(_ root: [UInt8], in cache: any MetadataCache) async throws {
        _ = try TrustedMetadata(trustedRoot: root, startTime: .now())
        try await cache.write(root, for: RoleName.root)
    }

    /// What is believed so far; `nil` before ``refresh()``.
    public var trusted: TrustedMetadata? { workflow.trusted }

    /// Brings the four top-level roles up to date (specification, sections 5.2 to 5.6). What is accepted is in the cache at once.
    /// - Throws: ``TUFError``, saying what was refused; what the fetcher or the cache throws.
    public mutating func refresh() async throws { _ = try await run(try workflow.refresh()) }

    /// A delegated role, verified for the role that delegates to it; fetched if the cache does not have it.
    /// - Parameter delegator: `targets`, or a role that was obtained before.
    /// - Throws: ``TUFError``, saying what was refused; with code ``TUFError/Code/notPossible`` before ``refresh()``, or if there is no
    ///   such delegation; what the fetcher or the cache throws.
    public mutating func role(_ name: String, delegatedBy delegator: String = RoleName.targets) async throws -> Targets {
        _ = try await run(try workflow.obtain(name, delegatedBy: delegator))
        guard let targets = trusted?.targets(name, delegatedBy: delegator) else {
            throw TUFError(.notPossible, "The role “\(name)” is not verified.")
        }
        return targets
    }

    /// Looks for a target, and refreshes first if that was not done. Fetches the delegated roles that it takes.
    /// - Returns: `nil` if no role that may speak for the target knows it.
    /// - Throws: ``TUFError``, saying what was refused; what the fetcher or the cache throws.
    public mutating func target(_ path: String) async throws -> Target? {
        if !workflow.isRefreshed { try await refresh() }
        guard case .found(let description, let role) = try await run(try workflow.find(path)) else { return nil }
        return Target(path: path, description: description, role: role)
    }

    /// Whether a local file is the target, so that it need not be downloaded.
    /// - Throws: ``TUFError`` with code ``TUFError/Code/storage``.
    public func isCurrent(_ path: String, _ target: Target) throws(TUFError) -> Bool { try target.isContent(of: path) }

    /// Downloads a target into a file. Until all of it is there and verified the file does not change.
    /// - Throws: ``TUFError`` with code ``TUFError/Code/lengthMismatch``, ``TUFError/Code/hashMismatch``, ``TUFError/Code/tooLong``,
    ///   ``TUFError/Code/tooSlow``, ``TUFError/Code/unavailable`` or ``TUFError/Code/storage``; what the fetcher throws.
    public func download(_ target: Target, to path: String) async throws {
        let file = TargetFile(target, file: try WholeFile(path))
        try await fetch(target) { try file.write($0) }
        try file.finish()
    }

    /// Downloads a target into memory.
    /// - Throws: as ``download(_:to:)``.
    public func content(of target: Target) async throws -> [UInt8] {
        let hasRoot = try consistentSnapshot()
        let file = target.file(inConsistentSnapshot: hasRoot)
        guard let bytes = try await transfer.document(file, maximumLength: target.description.length) else {
            throw TUFError(.unavailable, "The repository does not have the target “\(target.path)”.")
        }
        try target.check(bytes)
        return bytes
    }

    private func fetch(_ target: Target, take: @escaping @Sendable ([UInt8]) throws -> Void) async throws {
        let file = target.file(inConsistentSnapshot: try consistentSnapshot())
        guard try await transfer.pieces(file, maximumLength: target.description.length, take: take) else {
            throw TUFError(.unavailable, "The repository does not have the target “\(target.path)”.")
        }
    }

    private func consistentSnapshot() throws(TUFError) -> Bool {
        guard let trusted else { throw TUFError(.notPossible, "Targets are downloaded after the update was refreshed.") }
        return trusted.root.signed.usesConsistentSnapshots
    }

    /// Does what the workflow says until it wants nothing more.
    private mutating func run(_ first: ClientWorkflow.Action) async throws -> ClientWorkflow.Action {
        var action = first
        while true {
            switch action {
            case .read(let role):
                let limit = role.isExactly(RoleName.root) ? limits.rootLength : limits.announcedLength
                action = try workflow.handle(.cached(try await cache.read(role, limit: limit)))
            case .fetch(let file, let maximumLength):
                action = try workflow.handle(.fetched(try await transfer.document(file, maximumLength: maximumLength)))
            case .write(let role, let document):
                try await cache.write(document, for: role)
                action = try workflow.handle(.written)
            case .refreshed, .obtained, .found, .absent: return action
            }
        }
    }
}
