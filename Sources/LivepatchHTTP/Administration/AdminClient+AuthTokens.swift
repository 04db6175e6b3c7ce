public import FoundationEssentials
public import LivepatchAPI
public import LivepatchKit
import NIOHTTP1

extension AdminClient {
    /// `GET /v1/admin/auth-tokens`: all of them.
    public func authTokens() async throws -> AuthTokensBody {
        AuthTokensBody(authTokens: try await pages(Paths.authTokens, AuthTokensBody.self, \.next).flatMap(\.authTokens))
    }

    /// `POST /v1/admin/auth-token`: issues a token that attaches machines to a tier. Its secret is told this once.
    /// - Parameters:
    ///   - validUntil: when it stops attaching machines; `nil` for never.
    ///   - machineLimit: the most machines that it attaches; `nil` for no limit.
    public func addAuthToken(
        id: String, tier: TierName, validUntil: Date? = nil, machineLimit: Int? = nil
    ) async throws -> IssuedAuthTokenBody {
        try await changed(
            request(
                .POST, Paths.authToken,
                body: AuthTokenRequestBody(id: id, tier: tier, validUntil: validUntil, machineLimit: machineLimit)))
    }

    /// `DELETE /v1/admin/auth-tokens/{id}`: revokes a token, and with it the tokens of its machines.
    public func revokeAuthToken(_ id: String) async throws -> AuthTokenBody {
        try await value(request(.DELETE, Paths.authToken(id)))
    }

    /// `POST /v1/admin/auth-tokens/{id}/move`: moves a token and its machines to another tier.
    public func moveAuthToken(_ id: String, to tier: TierName) async throws -> AuthTokenBody {
        try await changed(request(.POST, Paths.authTokenMove(id), body: AuthTokenMoveBody(tier: tier)))
    }
}
