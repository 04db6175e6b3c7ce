public import LivepatchAPI
public import LivepatchKit
import NIOHTTP1

extension AdminClient {
    /// `GET /v1/admin/trust`: the signed repositories that the server shows, and what it trusts.
    public func trust() async throws -> TrustStatus { try await value(request(.GET, Paths.trust)) }

    /// `GET /v1/admin/trust/roots/{kind}`: what the next root is made from.
    public func rootBasis(_ kind: TrustedRoot.Kind) async throws -> RootBasis {
        try await value(request(.GET, Paths.trustRoot(kind)))
    }

    /// `POST /v1/admin/trust/roots/{kind}`: publishes a root that was signed elsewhere.
    public func publishRoot(_ kind: TrustedRoot.Kind, _ body: RootBody) async throws -> TrustedRoot {
        try await changed(request(.POST, Paths.trustRoot(kind), body: body))
    }
}
