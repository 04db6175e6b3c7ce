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
    /// A server that does not sync itself, and whose catalogue another program brings from an upstream, is below that one too.
    public init(isSyncing: Bool, mirrorsTiers: Bool, lastSync: SyncState) {
        if isSyncing {
            self = .below(mirrorsTiers: mirrorsTiers)
        } else {
            self = lastSync.route == nil ? .top : .below(mirrorsTiers: false)
        }
    }
}
