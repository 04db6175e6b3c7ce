package import FoundationEssentials

// What becomes of tokens, decided from the tokens alone.

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

    /// Whether this token, or one of its secrets, opens something else than another state of it does, or for another time.
    package func opensOtherwise(than other: SyncToken) -> Bool {
        (tier, revoked, validUntil, secrets) != (other.tier, other.revoked, other.validUntil, other.secrets)
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

/// What has a tier, and moves with it.
package protocol TierToken: Sendable {
    /// Unique among tokens of its kind that have not been revoked.
    var label: String { get }
    var tier: TierName { get set }
    var revoked: Date? { get }
    /// Whether somebody may see its tier: then the tier cannot go without it.
    func holdsTier(at time: Date) -> Bool
}

extension SyncToken: TierToken {
    package var label: String { name }
    package func holdsTier(at time: Date) -> Bool { isUsable(at: time) }
}

/// An auth token that has expired attaches no more machines, and those which it attached go on.
extension AuthToken: TierToken {
    package var label: String { id }
    package func holdsTier(at time: Date) -> Bool { revoked == nil }
}

extension AuthToken {
    /// This token as a store keeps it: its times to the second.
    package var stored: AuthToken {
        var token = self
        token.created = Timestamp.wholeSecond(created)
        token.validUntil = validUntil.map(Timestamp.wholeSecond)
        token.revoked = revoked.map(Timestamp.wholeSecond)
        return token
    }
}

extension [TierChange.TokenMove] {
    /// The moves whose token is unrevoked and where it is expected to be, each with the token as it is afterwards.
    package func fitting<Token: TierToken>(_ tokens: [Token]) -> [(move: TierChange.TokenMove, token: Token)] {
        compactMap { move in
            guard var token = tokens.first(where: { $0.revoked == nil && $0.label == move.token && $0.tier == move.before })
            else { return nil }
            token.tier = move.after
            return (move, token)
        }
    }
}

extension TierChange {
    /// The sync tokens that this change moves, as they are afterwards.
    ///
    /// - Throws: ``LivepatchError`` with the code `catalogue-changed` if a token is not where the change expects it, or if one
    ///   that can still be used would be left with a tier that is gone: it came after the plan was made.
    package func moving(_ tokens: [SyncToken], to tiers: [TierName], time: Date) throws -> [SyncToken] {
        try moving(tokens, self.tokens, to: tiers, time: time)
    }

    /// The auth tokens that this change moves, as they are afterwards.
    /// - Throws: as for sync tokens.
    package func moving(_ tokens: [AuthToken], to tiers: [TierName], time: Date) throws -> [AuthToken] {
        try moving(tokens, authTokens ?? [], to: tiers, time: time)
    }

    private func moving<Token: TierToken>(
        _ tokens: [Token], _ moves: [TokenMove], to tiers: [TierName], time: Date
    ) throws -> [Token] {
        let fitting = moves.fitting(tokens)
        guard fitting.count == moves.count else { throw LivepatchError.catalogueChanged() }
        let moved = Set(moves.map(\.token))
        let gone = Set(self.tiers?.before ?? []).subtracting(tiers)
        let orphaned = tokens.contains { $0.holdsTier(at: time) && !moved.contains($0.label) && gone.contains($0.tier) }
        guard !orphaned, fitting.allSatisfy({ tiers.contains($0.token.tier) }) else { throw LivepatchError.catalogueChanged() }
        return fitting.map(\.token)
    }
}

extension SyncCommit {
    /// The auth tokens that move, as they are afterwards: those which the sync knew, and any that came to a tier since which goes.
    /// Machines hold them, and must not be left with a tier that there is not.
    package func movingAuthTokens(_ tokens: [AuthToken]) -> [(move: TierChange.TokenMove, token: AuthToken)] {
        let planned = authTokens.fitting(tokens)
        let moved = Set(planned.map(\.token.id))
        let stranded = tokens.filter { $0.revoked == nil && !moved.contains($0.id) && !tiers.contains($0.tier) }
        guard let last = tiers.last else { return planned }
        return planned + stranded.map { TierChange.TokenMove(token: $0.id, before: $0.tier, after: last) }.fitting(tokens)
    }
}
