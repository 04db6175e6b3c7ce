public import FoundationEssentials

/// Issues, rotates and revokes sync tokens. Secrets leave it once, and are kept only as hashes.
public struct TokenIssuer: Sendable {
    private let tokens: any TokenStore
    private let newSecret: @Sendable () -> String
    private let now: @Sendable () -> Date

    /// - Parameters:
    ///   - newSecret: makes a secret, as ``TokenSecret/random(using:)`` does.
    ///   - now: the current time.
    public init(
        tokens: any TokenStore, newSecret: @escaping @Sendable () -> String = Self.systemSecret,
        now: @escaping @Sendable () -> Date
    ) {
        self.tokens = tokens
        self.newSecret = newSecret
        self.now = now
    }

    /// A secret from the system's source of randomness.
    @Sendable public static func systemSecret() -> String {
        var generator = SystemRandomNumberGenerator()
        return TokenSecret.random(using: &generator)
    }

    /// Issues a token.
    /// - Throws: ``LivepatchError`` with the codes `malformed-value`, `tier-unknown`, `already-exists`.
    public func add(
        tier: TierName, name: String, validUntil: Date?, by actor: String
    ) async throws -> (token: SyncToken, secret: String) {
        let time = now()
        guard name.isName(of: .idCharacters, first: .alphanumerics, atMost: 100) else {
            throw LivepatchError(
                .malformedValue, "'\(name)' is not a sync token's name.",
                suggestion:
                    "A name has 1 to 100 letters, digits, dots, underscores or hyphens, and begins with a letter or digit.")
        }
        let validUntil = validUntil.map(Timestamp.wholeSecond)
        if let validUntil, validUntil <= time {
            throw LivepatchError(
                .malformedValue,
                "The sync token '\(name)' would have expired already: \(Timestamp.text(validUntil)) is in the past.",
                suggestion: "Give a time in the future, or a duration such as 30d.")
        }
        let secret = newSecret()
        let token = SyncToken(
            name: name, tier: tier, created: Timestamp.wholeSecond(time), validUntil: validUntil,
            secrets: [SyncToken.Secret(hash: TokenSecret.hash(secret))])
        try await tokens.add(token, entry: ChangeEntry(time: time, actor: actor, action: "sync-tokens add \(tier) \(name)"))
        return (token, secret)
    }

    /// Gives a token a new secret.
    /// - Parameter overlap: how long the old secret goes on working.
    /// - Throws: ``LivepatchError`` with the code `not-found`, and `malformed-request` for a token that has expired: a new secret
    ///   would open nothing.
    public func rotate(_ name: String, overlap: Duration, by actor: String) async throws -> (token: SyncToken, secret: String) {
        let time = now()
        let end = time.addingTimeInterval(Double(max(0, overlap.components.seconds)))
        let secret = newSecret()
        let entry = ChangeEntry(
            time: time, actor: actor, action: "sync-tokens rotate \(name) --overlap \(DurationText.text(overlap))")
        let token = try await tokens.update(name, entry: entry) { token in
            guard token.isUsable(at: time) else {
                throw LivepatchError(
                    .malformedRequest, "The sync token '\(name)' has expired, and a new secret would not change that.",
                    suggestion: "Revoke it and issue a new one with `livepatch-admin sync-tokens add`.")
            }
            let old = token.secrets.filter { $0.validUntil.map { $0 > time } ?? true }
                .map { SyncToken.Secret(hash: $0.hash, validUntil: min($0.validUntil ?? end, end)) }
            token.secrets = [SyncToken.Secret(hash: TokenSecret.hash(secret))] + old
        }
        return (token, secret)
    }

    /// Ends a token at once.
    /// - Throws: ``LivepatchError`` with the code `not-found`.
    @discardableResult
    public func revoke(_ name: String, by actor: String) async throws -> SyncToken {
        let time = now()
        return try await tokens.update(
            name, entry: ChangeEntry(time: time, actor: actor, action: "sync-tokens revoke \(name)")
        ) { $0.revoked = Timestamp.wholeSecond(time) }
    }
}
