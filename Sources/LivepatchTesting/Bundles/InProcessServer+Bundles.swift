import FoundationEssentials
public import LivepatchKit
import Logging

extension InProcessServer {
    /// A bundle of what a tier shows.
    /// - Parameter base: the bundle that it builds on.
    public func bundle(_ tier: String, since base: InMemoryBundle? = nil) async throws -> InMemoryBundle {
        let creation = BundleCreation(publisher: publisher, storage: storage, deployment: deployment)
        let plan = try await creation.plan(
            TierName(parsing: tier), since: base.map { try PatchBundle.manifest(of: $0.archive()) }, id: BundleID(UUID()),
            created: now())
        let bundle = InMemoryBundle()
        try await creation.write(plan, to: bundle)
        return bundle
    }

    /// Syncs once from a bundle.
    /// - Parameters:
    ///   - tolerance: how long ago what it proves may have expired.
    ///   - probe: asked before each step at the bundle, once it is verified; it can fail the step.
    /// - Throws: ``LivepatchError`` with the code `bundle-invalid` if it cannot even be opened.
    @discardableResult
    public func apply(
        _ archive: any BundleArchive, request: SyncRequest? = nil, trustedRoots: Set<SHA256Digest> = [],
        tolerance: Duration = .seconds(30 * 86_400),
        probe: @escaping @Sendable (ProbedUpstream.Step) async throws -> Void = { _ in }
    ) async throws -> SyncReport {
        let bundle = try PatchBundle(archive)
        let upstream = ProbedUpstream(BundleUpstream(bundle), probe: probe)
        let logger = Logger(label: "bundle") { _ in SwiftLogNoOpLogHandler() }
        let request = request ?? SyncRequest(deployment: deployment)
        let knowledge = BundleVerification.Knowledge(
            trust: trust, trustedRoots: trustedRoots, tolerance: tolerance, storage: storage, filter: request.filter, now: now)
        let reader = reader(of: upstream, request, trustedRoots: trustedRoots, tolerance: tolerance, logger: logger)
        let resources = resources(
            upstream, reader: reader, request, retry: RetryPolicy(attempts: 1), concurrency: 4, logger: logger)
        return await BundleSync(bundle, knowledge: knowledge, request: request, resources: resources).run()
    }
}
