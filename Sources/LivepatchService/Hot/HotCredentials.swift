import LivepatchKit

/// What a request shows of who asks. To find it out from the fields takes a hash, and a connection's requests mostly show the same.
struct HotCredentials {
    private let fields: (authorization: String, deployment: String?)
    /// Of the secret.
    let hash: SHA256Digest
    /// Whoever shows that has a turn of their own.
    let visitor: Int
    let deployment: DeploymentID?

    /// - Parameter known: those of the connection's request before this one.
    /// - Returns: `nil` if there is no bearer token.
    init?(_ request: HotRequest, known: HotCredentials?) {
        if let known, known.fields == (request.authorization, request.deployment) {
            self = known
            return
        }
        guard let secret = BearerToken(authorization: request.authorization)?.secret else { return nil }
        fields = (request.authorization, request.deployment)
        hash = TokenSecret.hash(secret)
        visitor = KnownCallers.key(request.authorization)
        deployment = EntryGate.deployment(request.deployment)
    }
}
