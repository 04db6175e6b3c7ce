public import FoundationEssentials

/// Issues, revokes and moves auth tokens. Secrets leave it once, and are kept only as hashes.
public struct AuthTokenIssuer: Sendable {
    private let tokens: any AuthTokenStore
    private let newSecret: @Sendable () -> String
    private let now: @Sendable () -> Date

    /// - Parameters:
    ///   - newSecret: makes a secret, as ``TokenSecret/random(using:)`` does.
    ///   - now: the current time.
    public init(
        tokens: any AuthTokenStore, newSecret: @escaping @Sendable () -> String = TokenIssuer.systemSecret,
        now: @escaping @Sendable () -> Date
    ) {
        self.tokens = tokens
        self.newSecret = newSecret
        self.now = now
    }

    /// Issues a token.
    /// - Parameters:
    ///   - validUntil: when it stops attaching machines; `nil` for never.
    ///   - machineLimit: the most machines that it attaches, 1 or more; `nil` for no limit.
    /// - Throws: ``LivepatchError`` with the codes `malformed-value`, `tier-unknown`, `already-exists`.
    public func add(
        _ id: String, tier: TierName, validUntil: Date? = nil, machineLimit: Int? = nil, by actor: String
    ) async throws -> (token: AuthToken, secret: String) {
        let time = now()
        try Self.validate(id)
        let validUntil = validUntil.map(Timestamp.wholeSecond)
        if let validUntil, validUntil <= time {
            throw LivepatchError(
                .malformedValue,
                "The auth token '\(id)' would have expired already: \(Timestamp.text(validUntil)) is in the past.",
                suggestion: "Give a time in the future, or a duration such as 30d.")
        }
        if let machineLimit, machineLimit < 1 {
            throw LivepatchError(
                .malformedValue, "The auth token '\(id)' would attach no machine: its limit is \(machineLimit).",
                suggestion: "Give a limit of 1 or more, or none.")
        }
        let secret = newSecret()
        let token = AuthToken(
            id: id, tier: tier, created: Timestamp.wholeSecond(time), validUntil: validUntil, machineLimit: machineLimit,
            hash: TokenSecret.hash(secret))
        let action = "auth-token \(Self.word(id)) \(tier)"
        try await tokens.add(token, entry: ChangeEntry(time: time, actor: actor, action: action))
        return (token, secret)
    }

    /// Ends a token and the tokens of all machines that it attached, at once.
    /// - Throws: ``LivepatchError`` with the code `not-found`.
    @discardableResult
    public func revoke(_ id: String, by actor: String) async throws -> AuthToken {
        let time = now()
        let entry = ChangeEntry(time: time, actor: actor, action: "auth-tokens revoke \(Self.word(id))")
        return try await tokens.updateAuthToken(id, entry: entry) { $0.revoked = Timestamp.wholeSecond(time) }
    }

    /// Moves a token, and so all machines that it attached, to another tier.
    /// - Throws: ``LivepatchError`` with the codes `not-found`, `tier-unknown`.
    @discardableResult
    public func move(_ id: String, to tier: TierName, by actor: String) async throws -> AuthToken {
        let entry = ChangeEntry(time: now(), actor: actor, action: "auth-tokens move \(Self.word(id)) \(tier)")
        return try await tokens.updateAuthToken(id, entry: entry) { $0.tier = tier }
    }

    private static func validate(_ id: String) throws {
        let isControl = id.unicodeScalars.contains { $0.properties.generalCategory == .control }
        let spaced = id.first?.isWhitespace == true || id.last?.isWhitespace == true
        guard (1...128).contains(id.count), id.utf8.count <= 1024, !isControl, !spaced,
            !id.contains(where: \.isNewline)
        else {
            throw LivepatchError(
                .malformedValue, "'\(id.prefix(160))' is not an auth token's id.",
                suggestion:
                    "An id has 1 to 128 characters, such as web-servers, on one line, with no space at its beginning or end.")
        }
    }

    /// An id as a shell takes it for one word.
    private static func word(_ id: String) -> String {
        if id.wholeMatch(of: /[A-Za-z0-9._:@%+,=\/-]+/) != nil { return id }
        return "'" + id.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
    }
}
