import Caching
public import FoundationEssentials
import Synchronization

/// Decides whether a secret opens a sync token. What it decided is remembered for as long as the catalogue's revision stays, for whoever
/// cannot wait.
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

    /// Tokens that were good when they were last looked at.
    private final class Memory: Sendable {
        let tokens = Mutex(LeastRecentlyUsed<SHA256Digest, (token: SyncToken, revision: CatalogRevision)>(capacity: 4096))
    }

    private let tokens: any TokenStore
    private let memory = Memory()
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
        let (found, revision) = try await tokens.syncTokenAndRevision(hash: hash)
        guard let token = found else {
            return .refused(TokenSecret.isWellFormed(secret) ? .unknown : .malformed, name: nil)
        }
        let time = now()
        if let reason = Self.refusal(of: hash, opening: token, at: time) {
            return .refused(reason, name: reason == .unknown ? nil : token.name)
        }
        // The store decides for itself once more; most uses are not worth asking it.
        let noted = token.noting(use: time, by: deployment)
        if noted != nil { try await tokens.noteUse(hash: hash, time: time, deployment: deployment) }
        memory.tokens.withLock { _ = $0.insert((noted ?? token, revision), for: hash) }
        return .accepted(token)
    }

    /// The token that a secret opens, if ``decide(_:from:)`` has lately found it good, would do so again, and would have nothing to note
    /// in the store.
    /// - Parameters:
    ///   - hash: of the secret.
    ///   - revision: one that has just been read.
    /// - Returns: `nil` if ``decide(_:from:)`` has to be asked.
    public func remembered(_ hash: SHA256Digest, from deployment: DeploymentID?, as revision: CatalogRevision) -> SyncToken? {
        guard let known = memory.tokens.withLock({ $0.value(for: hash) }), known.revision >= revision else { return nil }
        let time = now()
        guard Self.refusal(of: hash, opening: known.token, at: time) == nil,
            known.token.noting(use: time, by: deployment) == nil
        else { return nil }
        return known.token
    }

    private static func refusal(of hash: SHA256Digest, opening token: SyncToken, at time: Date) -> Refusal? {
        guard let opened = token.secrets.first(where: { $0.hash == hash }) else { return .unknown }
        if token.revoked != nil { return .revoked }
        if !token.isUsable(at: time) { return .expired }
        if let end = opened.validUntil, end <= time { return .rotated }
        return nil
    }
}
