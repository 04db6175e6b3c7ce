import FoundationEssentials

/// One sync from a bundle: all of it is verified first, and then taken the way on which a sync takes what an upstream shows.
public struct BundleSync: Sendable {
    private let bundle: PatchBundle
    private let knowledge: BundleVerification.Knowledge
    private let request: SyncRequest
    private let resources: SyncRun.Resources

    /// - Parameters:
    ///   - resources: those of a sync from a ``BundleUpstream``.
    public init(
        _ bundle: PatchBundle, knowledge: BundleVerification.Knowledge, request: SyncRequest, resources: SyncRun.Resources
    ) {
        self.bundle = bundle
        self.knowledge = knowledge
        self.request = request
        self.resources = resources
    }

    /// Applies the bundle. Whatever goes wrong is in the report.
    /// - Parameters:
    ///   - verified: told how many bytes more of content have been verified, before the sync begins.
    ///   - progress: told of how far the sync is.
    public func run(
        verified: @escaping @Sendable (Int64) -> Void = { _ in }, progress: @escaping @Sendable (SyncProgress) -> Void = { _ in }
    ) async -> SyncReport {
        var report = SyncReport(
            started: Timestamp.wholeSecond(resources.now()), ended: resources.now(), result: .failed,
            upstream: await resources.upstream.address())
        do {
            let outcome = try await verify(verified)
            let proof = outcome.proof.map { [$0.sentence(at: resources.now())] } ?? []
            if outcome.isSuperseded {
                report.result = .unchanged
                report.notes = [
                    "Something newer than the \(bundle.name) has been applied or synced here already; nothing was changed."
                ]
            } else {
                report = await SyncRun(request, resources, progress: progress).run()
                report.notes = proof + report.notes
            }
        } catch {
            report.failures = [SyncRun.failure(error)]
        }
        report.ended = Timestamp.wholeSecond(resources.now())
        return report
    }

    private func verify(_ verified: @escaping @Sendable (Int64) -> Void) async throws -> BundleVerification.Outcome {
        let verification = BundleVerification(bundle, knowledge: knowledge)
        let outcome = try await verification.documents()
        guard !outcome.isSuperseded else { return outcome }
        try await verification.contents(
            except: { try await resources.storage.length(of: $0.digest) == $0.length }, progress: { verified($0) })
        return outcome
    }
}
