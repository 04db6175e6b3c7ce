import LivepatchKit

extension Endpoint {
    static let syncTokens = [
        Endpoint(
            .get, Paths.syncTokens, "listSyncTokens", "The sync tokens.", for: .administrators(.read),
            parameters: page, answers: [.json(SyncTokensBody.self)]),
        Endpoint(
            .post, Paths.syncTokens, "issueSyncToken", "Issues a sync token.", for: .administrators(.admin),
            body: .json(SyncTokenRequestBody.self), answers: [.json(IssuedSyncTokenBody.self, 201, issued)],
            problems: [.malformedValue, .tierUnknown, .alreadyExists] + ownFaults),
        Endpoint(
            .delete, Paths.syncTokenTemplate, "revokeSyncToken", "Revokes a sync token.", for: .administrators(.admin),
            answers: [.json(SyncTokenBody.self)]),
        Endpoint(
            .post, Paths.syncTokenRotateTemplate, "rotateSyncToken", "Gives a sync token another secret.",
            for: .administrators(.admin),
            body: .json(SyncTokenRotateBody.self), answers: [.json(IssuedSyncTokenBody.self, 200, issued)]),
    ]

    static let authTokens = [
        Endpoint(
            .post, Paths.authToken, "issueAuthToken", "Issues an auth token.", for: .administrators(.admin),
            body: .json(AuthTokenRequestBody.self), answers: [.json(IssuedAuthTokenBody.self, 201, issued)],
            problems: [.malformedValue, .tierUnknown, .alreadyExists] + ownFaults),
        Endpoint(
            .get, Paths.authTokens, "listAuthTokens", "The auth tokens.", for: .administrators(.read),
            parameters: page, answers: [.json(AuthTokensBody.self)]),
        Endpoint(
            .delete, Paths.authTokenTemplate, "revokeAuthToken", "Revokes an auth token: its machines get nothing more.",
            for: .administrators(.admin), answers: [.json(AuthTokenBody.self)]),
        Endpoint(
            .post, Paths.authTokenMoveTemplate, "moveAuthToken", "Moves an auth token and its machines to another tier.",
            for: .administrators(.admin), body: .json(AuthTokenMoveBody.self), answers: [.json(AuthTokenBody.self)],
            problems: [.tierUnknown]),
    ]

    private static let issued = "The token, with the secret that nobody is told again."
}
