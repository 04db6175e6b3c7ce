public import FoundationEssentials
public import LivepatchAPI
public import LivepatchKit
import NIOHTTP1

extension AdminClient {
    /// `GET /v1/admin/sync-tokens`: all of them.
    public func syncTokens() async throws -> SyncTokensBody {
        SyncTokensBody(syncTokens: try await pages(Paths.syncTokens, SyncTokensBody.self, \.next).flatMap(\.syncTokens))
    }

    /// `POST /v1/admin/sync-tokens`: issues a token. Its secret is told this once.
    /// - Parameter validUntil: `nil` for a token that never expires.
    public func addSyncToken(tier: TierName, name: String, validUntil: Date? = nil) async throws -> IssuedSyncTokenBody {
        try await changed(
            request(.POST, Paths.syncTokens, body: SyncTokenRequestBody(tier: tier, name: name, validUntil: validUntil)))
    }

    /// `DELETE /v1/admin/sync-tokens/{name}`: revokes a token.
    public func revokeSyncToken(_ name: String) async throws { try await perform(request(.DELETE, Paths.syncToken(name))) }

    /// `POST /v1/admin/sync-tokens/{name}/rotate`: gives a token a new secret.
    /// - Parameter overlap: how long the old one goes on working; rounded down to seconds.
    public func rotateSyncToken(_ name: String, overlap: Duration) async throws -> IssuedSyncTokenBody {
        try await changed(
            request(
                .POST, Paths.syncTokenRotate(name),
                body: SyncTokenRotateBody(overlapSeconds: Int(max(overlap.components.seconds, 0)))))
    }
}
