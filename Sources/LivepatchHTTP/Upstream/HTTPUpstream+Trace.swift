import LivepatchAPI
public import LivepatchKit

extension HTTPUpstream: TraceSource {
    /// The largest trace that is taken, in bytes.
    private static let traceLimit: Int64 = 1 << 20

    public func trace(of version: PatchVersion, hops: Int) async throws -> VersionTrace {
        let refusal = UpstreamRefusal(asked: server.description, for: "the trace of patch \(version)")
        let answer = try await send(
            request(server.url("\(Paths.syncTrace(version))?hops=\(hops)")), to: server.origin, refusal)
        let bytes = try await document(answer, limit: Self.traceLimit, refusal).bytes
        do {
            return try DocumentCoding.decode(VersionTrace.self, from: bytes)
        } catch {
            throw refusal.malformed(DocumentCoding.reason(error))
        }
    }
}
