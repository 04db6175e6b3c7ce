import LivepatchComposition
import LivepatchConfiguration
import LivepatchKit
import Logging

extension ConfiguredUpstream {
    /// Runs a body with the upstreams of a configuration, and closes them whatever happens.
    /// - Parameter deployment: who asks, if not who the configuration says.
    static func connected<Value>(
        _ configuration: SyncConfiguration, deployment: DeploymentID? = nil, logger: Logger,
        _ body: (ConfiguredUpstream) async throws -> Value
    ) async throws -> Value {
        let upstream = try ConfiguredUpstream(
            configuration, deployment: deployment ?? configuration.deployment, logger: logger)
        do {
            let value = try await body(upstream)
            await upstream.close()
            return value
        } catch {
            await upstream.close()
            throw (error as? UpstreamBusy)?.error ?? error
        }
    }

    /// Reads what the upstream offers.
    func offer(_ wish: OfferWish) async throws -> Offer {
        let reader = PlainDocumentReader(upstream: PatientUpstream(server), cache: NoDocumentCache())
        return try await OfferReader(reader, filter: filter).read(wish)
    }
}
