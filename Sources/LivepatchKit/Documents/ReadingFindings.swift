public import FoundationEssentials

/// What a ``DocumentReader`` found out beside the documents themselves.
public struct ReadingFindings: Hashable, Sendable {
    /// The signed repositories that the documents were read from, as far as they are to be relayed.
    public var relayed: [RelayedRepository]
    /// All signed repositories that the documents were read from; `nil` if nothing is signed.
    public var proof: HeadMetadata?
    /// When the newest of that was signed which is other than at the last sync, to the second; `nil` if nothing is, or nobody knows.
    public var signed: Date?
    /// Patch versions that are shown, but not proven. They are left out of tiers; what is here of them stays as it is.
    public var refused: Set<PatchVersion>
    /// Why they were refused, and what else was not believed.
    public var failures: [SyncReport.Failure]
    /// What the administrator should know besides, in whole sentences.
    public var notes: [String]

    public init(
        relayed: [RelayedRepository] = [], proof: HeadMetadata? = nil, signed: Date? = nil,
        refused: Set<PatchVersion> = [],
        failures: [SyncReport.Failure] = [], notes: [String] = []
    ) {
        self.relayed = relayed
        self.proof = proof
        self.signed = signed
        self.refused = refused
        self.failures = failures
        self.notes = notes
    }
}
