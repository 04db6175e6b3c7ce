/// Where a server stands in its chain, as it is configured.
public enum ChainPlace: Hashable, Sendable {
    /// Below nobody: what it holds, it vouches for.
    case top
    /// Below another server.
    case below(mirrorsTiers: Bool)
}
