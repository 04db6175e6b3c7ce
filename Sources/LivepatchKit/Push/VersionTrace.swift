public import FoundationEssentials

/// When each server of a chain had a patch version, from one server up towards the origin.
public struct VersionTrace: Hashable, Sendable, Codable {
    /// What one server says of it.
    public struct Hop: Hashable, Sendable, Codable {
        public let deployment: DeploymentID
        /// When the version first was there, to the second; `nil` if it is not.
        public let arrived: Date?
        /// The tiers in which it is offered, of those that whoever asks may see, in tier order.
        public let tiers: [TierName]
        /// When it was moved between tiers there for the last time; `nil` if it never was, or that is too long ago.
        public let moved: Date?
        /// When it was decided to block it, wherever that was; `nil` if it is not blocked.
        public let blocked: Date?
        /// When the server last had all that its upstream showed; `nil` for one without an upstream, and before its first sync.
        public let synced: Date?
        /// What time it is there.
        public let time: Date

        public init(
            deployment: DeploymentID, arrived: Date?, tiers: [TierName], moved: Date?, blocked: Date?, synced: Date?, time: Date
        ) {
            self.deployment = deployment
            self.arrived = arrived
            self.tiers = tiers
            self.moved = moved
            self.blocked = blocked
            self.synced = synced
            self.time = time
        }
    }

    public let version: PatchVersion
    /// The server that was asked first, then its upstream, and so on.
    public let hops: [Hop]
    /// Why the last of them could not say what is above it; `nil` at the origin.
    public let problem: String?

    public init(version: PatchVersion, hops: [Hop], problem: String? = nil) {
        self.version = version
        self.hops = hops
        self.problem = problem
    }
}

/// A server above that can be asked for a trace.
public protocol TraceSource: Sendable {
    /// - Parameter hops: how many servers may answer at most, 1 to ``TraceWalk/limit``.
    /// - Throws: as an ``UpstreamServer`` does; `upstream-lacks` if it knows nothing of traces.
    func trace(of version: PatchVersion, hops: Int) async throws -> VersionTrace
}

/// Walks the route of a patch version upwards, each server asking the one above it.
public struct TraceWalk: Sendable {
    /// How many servers answer at most: a chain that leads back to itself ends there.
    public static let limit = 32
    /// How many of the last changes are searched for the version.
    private static let remembered = 1000

    private let deployment: DeploymentID
    private let catalog: any Catalog
    private let tiers: TierStateCache
    private let reports: any SyncReportStore
    private let upstream: (any TraceSource)?
    private let now: @Sendable () -> Date

    /// - Parameters:
    ///   - upstream: the server above; `nil` at an origin.
    ///   - now: the current time.
    public init(
        deployment: DeploymentID, catalog: any Catalog, tiers: TierStateCache, reports: any SyncReportStore,
        upstream: (any TraceSource)?, now: @escaping @Sendable () -> Date
    ) {
        self.deployment = deployment
        self.catalog = catalog
        self.tiers = tiers
        self.reports = reports
        self.upstream = upstream
        self.now = now
    }

    /// - Parameters:
    ///   - view: the tier whose view whoever asks may see: of a version that it does not show, nothing is said here. `nil` for an
    ///     administrator, who may see all.
    ///   - hops: how many servers may answer, this one included.
    public func trace(of version: PatchVersion, in view: TierName?, hops: Int = Self.limit) async throws -> VersionTrace {
        let hop = try await hop(of: version, in: view)
        guard let upstream else { return VersionTrace(version: version, hops: [hop]) }
        guard hops > 1 else {
            return VersionTrace(version: version, hops: [hop], problem: "The route is longer than \(Self.limit) servers.")
        }
        do {
            let above = try await upstream.trace(of: version, hops: hops - 1)
            return VersionTrace(
                version: version, hops: [hop] + above.hops.prefix(hops - 1), problem: above.problem)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            let reason = (error as? UpstreamBusy)?.error ?? error
            return VersionTrace(version: version, hops: [hop], problem: "\(reason)")
        }
    }

    private func hop(of version: PatchVersion, in view: TierName?) async throws -> VersionTrace.Hop {
        let state = try await tiers.current().state
        let visible = view.map { view in Array(state.tiers.drop { $0 != view }) } ?? state.tiers
        // A version that is blocked is in no tier's offer, but it was there, and everybody below is told of the block.
        let block = state.blocks.filter { $0.version == version }.map(\.blocked).min()
        let isShown = view.map { state.members(of: $0).contains(version) } ?? true
        let record = isShown ? try await catalog.version(version) : nil
        return VersionTrace.Hop(
            deployment: deployment, arrived: record?.arrived,
            tiers: isShown ? visible.filter { state.offered(in: $0).contains(version) } : [],
            moved: isShown ? try await lastMove(of: version) : nil, blocked: block,
            synced: try await reports.reports(limit: 100).first(where: \.isSuccess)?.ended, time: now())
    }

    private func lastMove(of version: PatchVersion) async throws -> Date? {
        try await catalog.history(limit: Self.remembered, before: nil).first { record in
            record.change?.reach.contains { $0.version == version && $0.before != nil } ?? false
        }?.time
    }
}
