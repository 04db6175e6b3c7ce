/// Where a server stands in its chain, as it is configured.
public enum ChainPlace: Hashable, Sendable {
    /// Below nobody: what it holds, it vouches for.
    case top
    /// Below another server.
    case below(mirrorsTiers: Bool)
}

extension ChainPlace {
    /// The place of a server with that configuration.
    ///
    /// A server that does not sync itself, and whose catalogue another program brings from an upstream, or a bundle, is below that one
    /// too. It mirrors tiers if it is to, and if the last of those did.
    public init(isSyncing: Bool, mirrorsTiers: Bool, lastSync: SyncState) {
        if isSyncing {
            self = .below(mirrorsTiers: mirrorsTiers)
        } else {
            self = lastSync.route == nil ? .top : .below(mirrorsTiers: mirrorsTiers && lastSync.mirrorsTiers)
        }
    }
}
