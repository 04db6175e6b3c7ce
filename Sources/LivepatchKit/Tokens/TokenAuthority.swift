public import FoundationEssentials

/// Decides whether a secret opens a sync token.
public struct TokenAuthority: Sendable {
    /// Why a secret was refused: for the operator's log, never for the answer.
    public enum Refusal: String, Sendable, CaseIterable {
        case missing, malformed, unknown, expired, revoked
        /// The secret was replaced by a rotation, and the overlap has ended.
        case rotated
    }

    /// The outcome of an attempt.
    public enum Decision: Sendable {
        case accepted(SyncToken)
        /// The name is known for tokens that exist.
        case refused(Refusal, name: String?)
    }

    /// What every refused caller is told, whatever the reason.
    public static let refusal = LivepatchError(
        .tokenRefused, "The sync token was refused.",
        suggestion:
            "It may be mistyped, expired or revoked; whoever issued it sees why in the server's log and with `livepatch-admin sync-tokens list`."
    )

    private let tokens: any TokenStore
    private let now: @Sendable () -> Date

    /// - Parameter now: the current time.
    public init(tokens: any TokenStore, now: @escaping @Sendable () -> Date) {
        self.tokens = tokens
        self.now = now
    }

    /// - Parameters:
    ///   - secret: what the caller presented.
    ///   - deployment: who the caller says it is; noted with the use.
    public func decide(_ secret: String?, from deployment: DeploymentID?) async throws -> Decision {
        guard let secret, !secret.isEmpty else { return .refused(.missing, name: nil) }
        // A lookup by hash: how long it takes tells nothing of the secrets that exist. A malformed secret takes the same way.
        let hash = TokenSecret.hash(secret)
        guard let token = try await tokens.syncToken(hash: hash) else {
            return .refused(TokenSecret.isWellFormed(secret) ? .unknown : .malformed, name: nil)
        }
        let time = now()
        guard let opened = token.secrets.first(where: { $0.hash == hash }) else { return .refused(.unknown, name: nil) }
        if token.revoked != nil { return .refused(.revoked, name: token.name) }
        if !token.isUsable(at: time) { return .refused(.expired, name: token.name) }
        if let end = opened.validUntil, end <= time { return .refused(.rotated, name: token.name) }
        // The store decides for itself once more; most uses are not worth asking it.
        if token.noting(use: time, by: deployment) != nil {
            try await tokens.noteUse(hash: hash, time: time, deployment: deployment)
        }
        return .accepted(token)
    }
}
