/// Which tiers there are, which patch versions each holds, and what is blocked: all that promotion decides.
///
/// A tier never holds what an earlier tier lacks, so the state keeps for each patch version the *last* tier that it reaches:
/// that a tier's set is contained in every earlier tier's is then true by construction.
public struct TierState: Hashable, Sendable, Codable {
    /// The tiers in order, the first being where new patches enter. Names are unique.
    public var tiers: [TierName]
    /// The last tier that each patch version reaches. A version that is in no tier is absent.
    public var reach: [PatchVersion: TierName]
    /// What is blocked, by whom, in order of version.
    public var blocks: [Block]

    public init(tiers: [TierName] = Self.defaultTiers, reach: [PatchVersion: TierName] = [:], blocks: [Block] = []) {
        self.tiers = tiers
        self.reach = reach
        self.blocks = blocks.sorted()
    }

    /// The tiers of a new installation: `edge`, `beta`, `candidate`, `stable`.
    public static let defaultTiers: [TierName] = ["edge", "beta", "candidate", "stable"].compactMap {
        try? TierName(parsing: $0)
    }

    /// Where a tier stands in the order, from 0.
    public func position(of tier: TierName) -> Int? { tiers.firstIndex(of: tier) }

    /// The position of the last tier that a version reaches, whether it is blocked or not; `nil` if it is in no tier.
    public func reachedPosition(of version: PatchVersion) -> Int? { reach[version].flatMap(position) }

    /// Whether anybody blocked the version.
    public func isBlocked(_ version: PatchVersion) -> Bool { blocks.contains { $0.version == version } }

    /// The versions that are blocked.
    public var blockedVersions: Set<PatchVersion> { Set(blocks.map(\.version)) }

    /// The versions placed in a tier, blocked ones included, in order. Empty for an unknown tier.
    public func members(of tier: TierName) -> [PatchVersion] {
        guard let position = position(of: tier) else { return [] }
        return reach.keys.filter { (reachedPosition(of: $0) ?? -1) >= position }.sorted()
    }

    /// What a tier offers: its versions without the blocked ones, in order.
    public func offered(in tier: TierName) -> [PatchVersion] {
        let blocked = blockedVersions
        return members(of: tier).filter { !blocked.contains($0) }
    }

    /// Whether a tier offers the version.
    public func offers(_ version: PatchVersion, in tier: TierName) -> Bool {
        guard let position = position(of: tier), let reached = reachedPosition(of: version) else { return false }
        return reached >= position && !isBlocked(version)
    }

    /// The versions among those of a catalogue that are in no tier, in order.
    public func unplaced(among versions: some Sequence<PatchVersion>) -> [PatchVersion] {
        versions.filter { reach[$0] == nil }.sorted()
    }

    /// The tiers that hold a version, blocked or not, in order.
    public func tiers(holding version: PatchVersion) -> [TierName] {
        guard let position = reachedPosition(of: version) else { return [] }
        return Array(tiers[...position])
    }
}
