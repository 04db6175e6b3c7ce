import Foundation
import LivepatchTesting
import Synchronization
import Testing

@testable import LivepatchKit

@Suite struct WebhookDerivationTests {
    private let now = Date(timeIntervalSince1970: 1_767_225_600)

    private func derivation() -> WebhookDerivation {
        let count = Mutex(0)
        return WebhookDerivation(deployment: "origin") {
            count.withLock { count in
                count += 1
                return "msg_\(count)"
            }
        }
    }

    private func server() async throws -> InProcessServer {
        let now = now
        return try await InProcessServer(id: "origin", now: { now })
    }

    /// What is told of all that a server did.
    private func told(_ server: InProcessServer, after: Int64 = 0) async throws -> [WebhookNews] {
        let records = try await server.catalog.history(limit: 1000, before: nil).reversed().filter { $0.id > after }
        return try derivation().news(of: records)
    }

    private func data(_ news: WebhookNews) throws -> [String: Any] {
        let body = try #require(try JSONSerialization.jsonObject(with: Data(news.event.body)) as? [String: Any])
        #expect(body["type"] as? String == news.event.type.rawValue)
        #expect(body["timestamp"] as? String == "2026-01-01T00:00:00Z" && body["deployment"] as? String == "origin")
        return try #require(body["data"] as? [String: Any])
    }

    private func release(_ server: InProcessServer, _ version: String, kernels: Int = 1) async throws {
        for kernel in 1...kernels {
            try await server.release("livepatch-5.15.0-\(kernel).1-generic-\(version)-amd64.tar.bz2", [UInt8(kernel)])
        }
    }

    @Test func `Imports are told once for each version, with their files`() async throws {
        let server = try await server()
        try await release(server, "107.1", kernels: 150)
        try await release(server, "108.1")
        let news = try await told(server)
        // The test's own administrator imports.
        #expect(news.map(\.event.type) == [.patchImported, .patchImported])
        let first = try data(news[0])
        #expect(first["version"] as? String == "107.1" && first["count"] as? Int == 150)
        #expect((first["files"] as? [String])?.count == 100)
        #expect(news[0].origin == .change(150) && news[1].origin == .change(151))
        #expect(news[0].event.body.count < 20_000)
    }

    @Test func `Promotions, withdrawals, blocks and tiers are told with who and what`() async throws {
        let server = try await server()
        try await release(server, "107.1")
        let commands: [(TierCommand, [WebhookEventType])] = [
            (.promote(version: "107.1", tier: "stable"), [.patchPromoted]),
            (.withdraw(version: "107.1", tier: "candidate"), [.patchWithdrawn]),
            (.block(version: "107.1", reason: "it oopses"), [.patchBlocked]),
            (.unblock(version: "107.1", reason: "mended"), [.patchUnblocked]),
            (.addTier(name: "canary", position: .last), [.tierChanged]),
            (.renameTier(name: "canary", newName: "late"), [.tierChanged]),
        ]
        for (command, types) in commands {
            let before = try await server.catalog.history(limit: 1, before: nil).first?.id ?? 0
            try await server.administer(command)
            let news = try await told(server, after: before)
            #expect(news.map(\.event.type) == types, "\(command)")
            let data = try data(try #require(news.first))
            #expect(data["actor"] as? String == "test" && data["change"] as? Int64 == before + 1)
            #expect((data["action"] as? String)?.isEmpty == false)
        }
        let promoted = try data(try #require(try await told(server).first { $0.event.type == .patchPromoted }))
        let patches = try #require(promoted["patches"] as? [[String: String]])
        #expect(patches == [["version": "107.1", "before": "edge", "after": "stable"]])
        let blocked = try data(try #require(try await told(server).first { $0.event.type == .patchBlocked }))
        #expect((blocked["patches"] as? [[String: String]])?.first?["reason"] == "it oopses")
    }

    @Test func `What a sync brings is told as promoted, and what is recorded besides is nobody's business`() async throws {
        let (origin, site) = (try await server(), try await server())
        try await release(origin, "107.1")
        _ = try await origin.issue("edge", "other")
        #expect(try await told(origin).map(\.event.type) == [.patchImported])
        let below = try await InProcessServer(id: "site", now: site.now)
        await below.sync(from: origin, secret: try await origin.issue("edge", "site"))
        let news = try await told(below)
        #expect(news.map(\.event.type) == [.patchPromoted])
        #expect(try data(news[0])["actor"] as? String == "sync:upstream")
    }

    @Test func `A long list is cut, and its count is whole`() async throws {
        let server = try await server()
        for release in 100..<350 { try await self.release(server, "\(release).1") }
        let before = try await server.catalog.history(limit: 1, before: nil).first?.id ?? 0
        try await server.administer(.promoteAll(from: "edge", to: "stable"))
        let news = try await told(server, after: before)
        #expect(news.count == 1)
        let data = try data(news[0])
        #expect(data["count"] as? Int == 250 && (data["patches"] as? [Any])?.count == 100)
        #expect(news[0].event.body.count < 20_000)
    }

    @Test func `Syncs are told when they change something or fail, and when they succeed again`() throws {
        func report(_ id: Int64, _ result: SyncReport.Result) -> SyncReport {
            SyncReport(
                id: id, started: now, ended: now, result: result,
                failures: result == .failed ? [.init(file: nil, code: "upstream-unreachable", message: "It is down.")] : [])
        }
        let reports = [
            report(1, .unchanged), report(2, .complete), report(3, .unchanged), report(4, .failed), report(5, .partial),
            report(6, .unchanged), report(7, .unchanged),
        ]
        var isFailing = false
        let news = try derivation().news(of: reports, isFailing: &isFailing)
        #expect(news.map(\.event.type) == [.syncCompleted, .syncFailed, .syncFailed, .syncCompleted])
        #expect(news.map(\.origin) == [.report(2), .report(4), .report(5), .report(6)])
        #expect(!isFailing)
        let failed = try data(news[1])
        #expect(failed["failureCount"] as? Int == 1 && failed["result"] as? String == "failed")
        _ = try derivation().news(of: [report(8, .failed)], isFailing: &isFailing)
        #expect(isFailing)
    }
}
