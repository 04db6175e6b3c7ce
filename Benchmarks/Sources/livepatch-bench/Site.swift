import Foundation
import LivepatchHTTP
import LivepatchKit
import LivepatchSQLite
import Logging

/// A data directory that is synced from a server, tiers and all, in this process.
struct Site: Sendable {
    let stores: Stores
    let upstream: HTTPUpstream

    private static let atOnce = 8

    init(at path: String, from address: String, token: String) throws {
        stores = try Stores(at: path)
        upstream = try HTTPUpstream(ServerAddress(parsing: address), token: token)
    }

    func close() async throws {
        await upstream.close()
        try stores.close()
    }

    /// Syncs once.
    /// - Throws: ``LivepatchError`` with the code `internal-fault` if it does not end as expected.
    @discardableResult
    func sync(expecting result: SyncReport.Result = .complete) async throws -> SyncReport {
        let settings = Transfers.Settings(concurrency: Self.atOnce, bandwidth: BandwidthLimiter(bytesPerSecond: nil))
        let catalog = stores.catalog
        let reader = SignedDocumentReader(
            upstream: upstream, documents: catalog, trust: stores.trust, relaying: .originsAndViews,
            lastSync: { try await catalog.syncState() }, now: { Date() })
        let resources = SyncRun.Resources(
            upstream: upstream, reader: reader, catalog: catalog, tokens: stores.tokens, authTokens: stores.authTokens,
            storage: stores.storage,
            transfers: Transfers(upstream: upstream, storage: stores.storage, settings: settings),
            logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }, now: { Date() })
        let request = SyncRequest(deployment: try await catalog.deployment(), mirrorsTiers: true)
        let report = await SyncRun(request, resources) { _ in }.run()
        guard report.result == result else {
            throw LivepatchError(
                .internalFault,
                "A sync was to end \(result.rawValue), and ended \(report.result.rawValue): \(report.failures.first?.message ?? "")"
            )
        }
        return report
    }

    /// Fetches files as a sync does, and throws them away.
    func fetch(_ files: [PatchFile]) async throws {
        try await withThrowingTaskGroup { group in
            for worker in 0..<Self.atOnce {
                group.addTask {
                    for index in stride(from: worker, to: files.count, by: Self.atOnce) {
                        for try await _ in try await upstream.content(of: files[index], from: 0).chunks {}
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}
