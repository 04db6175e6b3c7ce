import LivepatchAPI
public import LivepatchKit
import NIOHTTP1

extension AdminClient {
    /// `GET /v1/admin/trust`: the signed repositories that the server shows, and what it trusts.
    public func trust() async throws -> TrustStatus { try await value(request(.GET, Paths.trust)) }
}
