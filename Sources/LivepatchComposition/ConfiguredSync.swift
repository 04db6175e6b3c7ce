public import FoundationEssentials
public import LivepatchConfiguration
public import LivepatchKit
public import Logging

extension SyncConfiguration {
    /// What a server with these settings wants of whatever it syncs from.
    /// - Parameters:
    ///   - deployment: the server.
    ///   - mode: whether content is fetched now; a bundle's is, whatever `patch-sync.mode` says.
    public func request(_ deployment: DeploymentID, acceptsRemovals: Bool, mode: SyncMode = .eager) -> SyncRequest {
        SyncRequest(
            deployment: deployment, filter: filter, mirrorsTiers: mirrorsTiers, maximumRemovalShare: maximumRemovalShare,
            acceptsRemovals: acceptsRemovals, mode: mode)
    }

    /// Reads what an upstream shows, and believes of it what these settings and the trust in the data directory allow.
    /// - Parameter tolerance: how long after it has expired signed metadata is still believed.
    public func reader(
        of upstream: any UpstreamServer, catalog: any Catalog, trust: any TrustStorage, tolerance: Duration, logger: Logger,
        now: @escaping @Sendable () -> Date
    ) -> SignedDocumentReader {
        SignedDocumentReader(
            upstream: upstream, documents: catalog, trust: trust, trustedRoots: Set(trustedRoots),
            relaying: mirrorsTiers ? .originsAndViews : .origins, lastSync: { try await catalog.syncState() },
            tolerance: tolerance, logger: logger, now: now)
    }
}
