public import FoundationEssentials

/// A server's own tiers as they were before something replaced them, kept so that they can be restored.
public struct TierSnapshot: Hashable, Sendable, Codable {
    public let id: Int64
    public let taken: Date
    /// What was about to replace the tiers.
    public let reason: String
    public let tiers: [TierName]
    public let reach: [PatchVersion: TierName]
    /// The patch versions that were in the catalogue and in no tier, in order: withdrawn ones, say. `nil` in a snapshot that was
    /// kept by a release which did not record them.
    public let unplaced: [PatchVersion]?

    public init(
        id: Int64, taken: Date, reason: String, tiers: [TierName], reach: [PatchVersion: TierName], unplaced: [PatchVersion]?
    ) {
        self.id = id
        self.taken = taken
        self.reason = reason
        self.tiers = tiers
        self.reach = reach
        self.unplaced = unplaced
    }
}
