import LivepatchKit

/// What an upstream offers to a token in one of its tiers, as far as somebody wants it.
struct Offer: Hashable, Sendable {
    let tier: TierName
    /// In order of name.
    let files: [PatchFile]
    /// What is blocked, here or above: never among the files.
    let blocked: Set<PatchVersion>
    /// What was not believed of it, and what else a person should know of how it was proven.
    var warnings: [String] = []
}

/// What somebody wants of an offer. What the upstream's route and this configuration keep out is left out anyway.
struct OfferWish: Sendable {
    /// A tier that the token may see; `nil` for the token's own, which holds all of them.
    var tier: TierName?
    /// Which versions' lists of files are worth reading.
    var versions: @Sendable (PatchVersion) -> Bool = { _ in true }
    var files: @Sendable (PatchFileName) -> Bool = { _ in true }
}
