/// What a server knows of coverage: its own entries, and those of its upstream.
public struct CoverageTable: Hashable, Sendable {
    /// This server's own, in order.
    public var local: [KernelCoverage]
    /// The upstream's at the last sync, in order.
    public var upstream: [KernelCoverage]

    public init(local: [KernelCoverage] = [], upstream: [KernelCoverage] = []) {
        self.local = local.sorted { $0.key < $1.key }
        self.upstream = upstream.sorted { $0.key < $1.key }
    }

    /// What is in force, and what those below are told: an entry of this server's own stands in the place of the upstream's for the
    /// same kernels. In order.
    public var effective: [KernelCoverage] {
        let own = Set(local.map(\.key))
        return (local + upstream.filter { !own.contains($0.key) }).sorted { $0.key < $1.key }
    }
}

/// The coverage that a server tells those below it: its own entries and, where it has none, its upstream's.
public struct CoverageDocument: Hashable, Sendable, Codable {
    /// The longest document, in bytes.
    static let limit: Int64 = 16 << 20

    public let entries: [KernelCoverage]

    public init(entries: [KernelCoverage]) { self.entries = entries.sorted { $0.key < $1.key } }
}
