import FoundationEssentials
import LivepatchComposition
import LivepatchConfiguration
import LivepatchFiles
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

    /// Reads what the upstream offers, and believes what is proven to begin with a root that the configuration names, or else with the
    /// one that it shows: what was trusted is not remembered from one command to the next.
    func offer(_ wish: OfferWish) async throws -> Offer {
        let directory = FileManager.default.temporaryDirectory.appending(path: "livepatch-sync-\(UUID())")
        defer { try? FileManager.default.removeItem(at: directory) }
        let reader = SignedDocumentReader(
            upstream: PatientUpstream(server), documents: NoDocumentCache(),
            trust: DirectoryTrustStorage(at: directory.path), trustedRoots: trustedRoots, tolerance: freshnessTolerance,
            now: { Date() })
        return try await OfferReader(reader, filter: filter).read(wish)
    }
}
