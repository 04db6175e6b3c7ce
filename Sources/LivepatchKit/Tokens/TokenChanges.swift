package import FoundationEssentials

// What becomes of sync tokens, decided from the tokens alone.

extension SyncToken {
    /// This token after a use; `nil` if it was used less than a minute ago by the same deployment, which is not worth a write.
    package func noting(use time: Date, by deployment: DeploymentID?) -> SyncToken? {
        let time = Timestamp.wholeSecond(time)
        let same = deployment == nil || deployment == lastDeployment
        if same, let lastUsed, abs(time.timeIntervalSince(lastUsed)) < 60 { return nil }
        var token = self
        token.lastUsed = time
        token.lastDeployment = deployment ?? lastDeployment
        return token
    }

    /// This token as a store keeps it: its times to the second.
    package var stored: SyncToken {
        var token = self
        token.created = Timestamp.wholeSecond(created)
        token.validUntil = validUntil.map(Timestamp.wholeSecond)
        token.revoked = revoked.map(Timestamp.wholeSecond)
        token.lastUsed = lastUsed.map(Timestamp.wholeSecond)
        token.secrets = secrets.map { Secret(hash: $0.hash, validUntil: $0.validUntil.map(Timestamp.wholeSecond)) }
        return token
    }
}

extension [TierChange.TokenMove] {
    /// The moves whose token is unrevoked and where it is expected to be, each with the token as it is afterwards.
    package func fitting(_ tokens: [SyncToken]) -> [(move: TierChange.TokenMove, token: SyncToken)] {
        compactMap { move in
            guard var token = tokens.first(where: { $0.revoked == nil && $0.name == move.token && $0.tier == move.before })
            else { return nil }
            token.tier = move.after
            return (move, token)
        }
    }
}

extension TierChange {
    /// The tokens that this change moves, as they are afterwards.
    ///
    /// - Throws: ``LivepatchError`` with the code `catalogue-changed` if a token is not where the change expects it, or if one
    ///   that can still be used would be left with a tier that is gone: it came after the plan was made.
    package func moving(_ tokens: [SyncToken], to tiers: [TierName], time: Date) throws -> [SyncToken] {
        let fitting = self.tokens.fitting(tokens)
        guard fitting.count == self.tokens.count else { throw LivepatchError.catalogueChanged() }
        let moved = Set(self.tokens.map(\.token))
        let gone = Set(self.tiers?.before ?? []).subtracting(tiers)
        let orphaned = tokens.contains { $0.isUsable(at: time) && !moved.contains($0.name) && gone.contains($0.tier) }
        guard !orphaned, fitting.allSatisfy({ tiers.contains($0.token.tier) }) else { throw LivepatchError.catalogueChanged() }
        return fitting.map(\.token)
    }
}
