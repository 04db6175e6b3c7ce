import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import Synchronization
import Testing

@Suite("Bundles")
struct BundleTests {
    let time = SettableTime(Date(timeIntervalSince1970: 1_893_456_000))

    func server(_ id: String, signs: Bool = true) async throws -> InProcessServer {
        try await InProcessServer(id: id, signs: signs, now: time.now)
    }

    /// An origin with two released versions, of which the first is in all tiers.
    func origin(signs: Bool = true) async throws -> InProcessServer {
        let origin = try await server("origin", signs: signs)
        try await origin.release("107.1", kernels: 107...108, length: 1000)
        try await origin.release("108.1", length: 300_000)
        try await origin.promote("107.1", "stable")
        return origin
    }

    func isUntouched(_ site: InProcessServer) async throws -> Bool {
        let trusted = try await site.trust.trustedRepositories()
        let blocks = try await site.catalog.tierState().state.blocks
        return try await site.catalog.versions().isEmpty && trusted.isEmpty && blocks.isEmpty
    }

    func contents(_ bundle: InMemoryBundle) -> [String] { bundle.names.filter { $0.hasPrefix("contents/") } }

    // MARK: There and back

    @Test("A bundle brings what a sync would bring, and can be relayed", arguments: [false, true], [false, true])
    func whole(signs: Bool, mirrors: Bool) async throws {
        let origin = try await origin(signs: signs)
        try await origin.administer(.block(version: version("108.1"), reason: "it oopses"))
        let (site, twin, below) = (try await server("site"), try await server("twin"), try await server("below"))
        let secret = try await origin.issue("edge", "twin")
        let bundle = try await origin.bundle("edge")
        #expect(bundle.isFinished && bundle.names.first == "bundle.json" && bundle.names[1] == "head.json")
        func request(_ server: InProcessServer) -> SyncRequest {
            SyncRequest(deployment: server.deployment, mirrorsTiers: mirrors)
        }
        let report = try await site.apply(bundle.archive(), request: request(site))
        #expect(report.result == .complete && report.failures == [], "\(report)")
        await twin.sync(from: origin, secret: secret, request: request(twin))
        #expect(try await site.offers().map(\.versions) == twin.offers().map(\.versions))
        #expect(try await site.catalog.tierState().state.blocks == twin.catalog.tierState().state.blocks)
        #expect(
            try await site.catalog.syncState() == twin.catalog.syncState(), "head, basis, proof and relayed files are the same")
        // What is below cannot tell that the site is fed by couriers.
        let next = await below.sync(from: site, secret: try await site.issue("edge", "below"), request: request(below))
        #expect(next.failures == [] && next.result == .complete, "\(next)")
        #expect(try await below.offer("edge") == ["107.1"])
    }

    @Test("Twice is once, and a network sync goes on from it")
    func twice() async throws {
        let (origin, site) = (try await origin(), try await server("site"))
        let bundle = try await origin.bundle("edge")
        try await site.apply(bundle.archive())
        let revision = try await site.catalog.revision()
        let again = try await site.apply(bundle.archive())
        #expect(again.result == .unchanged && again.failures == [] && again.files == 0)
        #expect(try await site.catalog.revision() == revision)
        #expect(await site.sync(from: origin, secret: try await origin.issue("edge", "site")).result == .unchanged)
    }

    @Test("An incremental bundle holds only what is new, and needs the one before it")
    func incremental() async throws {
        let (origin, site, empty) = (try await origin(), try await server("site"), try await server("empty"))
        let first = try await origin.bundle("edge")
        time.advance(by: 3600)
        try await origin.release("109.1", length: 5000)
        let second = try await origin.bundle("edge", since: first)
        time.advance(by: 3600)
        try await origin.release("110.1", length: 5000)
        let third = try await origin.bundle("edge", since: second)
        #expect(contents(first).count == 3 && contents(second).count == 1 && contents(third).count == 1)
        let refused = try await empty.apply(second.archive())
        #expect(refused.failures.map(\.code) == ["bundle-base-missing"])
        let base = try PatchBundle.manifest(of: first.archive())
        #expect(refused.failures.first?.message.contains("builds on bundle \(base.id) of 2030-01-01T00:00:00Z") == true)
        #expect(try await isUntouched(empty))
        #expect(try await site.apply(first.archive()).result == .complete)
        // What the third needs of the second is still missing.
        #expect(try await site.apply(third.archive()).failures.map(\.code) == ["bundle-base-missing"])
        #expect(try await site.apply(second.archive()).files == 1)
        #expect(try await site.apply(third.archive()).result == .complete)
        #expect(try await site.offer("edge") == ["107.1", "108.1", "109.1", "110.1"])
    }

    @Test("What a filter keeps out is not asked of an earlier bundle")
    func filtered() async throws {
        let (origin, site) = (try await server("origin"), try await server("site"))
        try await origin.release(fileName("107.1", architecture: "arm64"), content("a", length: 100))
        let first = try await origin.bundle("edge")
        try await origin.release(fileName("108.1"), content("b", length: 100))
        let second = try await origin.bundle("edge", since: first)
        let request = SyncRequest(
            deployment: site.deployment, filter: SyncFilter(architectures: [try Architecture(parsing: "amd64")]))
        let report = try await site.apply(second.archive(), request: request)
        #expect(report.result == .complete && report.files == 1, "\(report)")
    }

    @Test("An older bundle after a newer one changes nothing and says so")
    func outOfOrder() async throws {
        let (origin, site) = (try await origin(), try await server("site"))
        let older = try await origin.bundle("edge")
        time.advance(by: 13 * 3600)
        try await origin.release("109.1", length: 5000)
        try await origin.administer(.block(version: version("107.1"), reason: "it hangs"))
        let newer = try await origin.bundle("edge")
        try await site.apply(newer.archive())
        let offered = try await site.offer("edge")
        time.advance(by: 60 * 86_400)
        let report = try await site.apply(older.archive())
        #expect(report.result == .unchanged && report.failures == [])
        #expect(report.notes.first?.contains("Something newer") == true)
        #expect(try await site.offer("edge") == offered && offered == ["108.1", "109.1"])
        // A forged old one is no old one.
        let name = try #require(older.names.first { $0.hasPrefix("metadata/origins/") && $0.hasSuffix("timestamp.json") })
        try change(older, name) { text in text.replacing("\"sig\":\"", with: "\"sig\":\"00", maxReplacements: 1) }
        #expect(try await site.apply(older.archive()).failures.map(\.code) == ["upstream-untrusted"])
    }

    @Test("Interrupted anywhere, it goes on where it was")
    func interrupted() async throws {
        let (origin, site) = (try await origin(), try await server("site"))
        let bundle = try await origin.bundle("edge")
        let cut = StepLog { step, _ in if case .content = step { unreachable } else { nil } }
        let before = StepLog()
        try await server("other").apply(bundle.archive(), probe: before.note)
        #expect(before.contents.count == 3)
        let partial = try await site.apply(bundle.archive()) { step in
            try await cut.note(step)
        }
        #expect(partial.result != .complete && cut.contents.count == 3)
        let seen = Mutex(0)
        _ = try await site.apply(bundle.archive()) { step in
            guard case .content = step else { return }
            if seen.withLock({
                $0 += 1; return $0
            }) > 1 {
                throw unreachable
            }
        }
        let log = StepLog()
        let last = try await site.apply(bundle.archive(), probe: log.note)
        #expect(last.failures == [] && log.contents.count == 2, "one had arrived")
        #expect(try await site.offer("edge") == ["107.1", "108.1"])
        #expect(try await site.catalog.versions().allSatisfy { $0.available == $0.files })
    }

    @Test("What the creating server lacks itself is told, and comes with a later bundle")
    func missing() async throws {
        let (origin, site) = (try await origin(), try await server("site"))
        let digest = SHA256Digest(of: content(fileName("108.1"), length: 300_000))
        try await origin.storage.remove(digest)
        let poor = try await origin.bundle("edge")
        let report = try await site.apply(poor.archive())
        #expect(report.result == .partial && report.failures.map { $0.file?.description } == [fileName("108.1")])
        try await origin.release("108.1", length: 300_000)
        let rich = try await origin.bundle("edge", since: poor)
        #expect(contents(rich) == ["contents/\(digest)"])
        #expect(try await site.apply(rich.archive()).result == .complete)
    }
}
