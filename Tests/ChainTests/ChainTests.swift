import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import Testing

@Suite("A chain of servers")
struct ChainTests {
    @Test("A patch travels down ten levels, and each level's first tier is where it arrives")
    func tenLevels() async throws {
        var servers = [try await InProcessServer(id: "level-0")]
        for level in 1..<10 { servers.append(try await InProcessServer(id: "level-\(level)")) }
        try await servers[0].release("107.1", kernels: 100...104)
        for level in 1..<10 {
            let secret = try await servers[level - 1].issue("edge", "next")
            let report = await servers[level].sync(from: servers[level - 1], secret: secret)
            #expect(report.result == .complete, "\(report.failures)")
            #expect(try await servers[level].offer("edge") == ["107.1"])
            #expect(try await servers[level].offer("beta").isEmpty)
        }
        let files = try await servers[9].catalog.files(of: version("107.1"))
        #expect(files.count == 5)
        for record in files {
            let reader = try await servers[9].storage.open(record.file.digest)
            #expect(try SHA256Digest(of: reader.read(at: 0, count: Int(reader.length))) == record.file.digest)
        }
        #expect(try await servers[9].catalog.syncState().route?.deployments.count == 9)
    }

    @Test("The documents of a version are relayed byte for byte")
    func relayedBytes() async throws {
        let (origin, site, _) = try await pair()
        try await origin.release("107.1", kernels: 100...103)
        let (relay, secret) = (site, try await origin.issue("edge", "relay"))
        await relay.sync(from: origin, secret: secret)
        let above = try await origin.publisher.document(.version(version("107.1")), for: tier("edge"))
        let below = try await relay.publisher.document(.version(version("107.1")), for: tier("edge"))
        #expect(above != nil && above == below)
    }

    @Test("A sync that finds nothing new asks for the head and nothing else, and is unchanged")
    func unchanged() async throws {
        let (origin, site, secret) = try await pair()
        try await origin.release("107.1")
        await site.sync(from: origin, secret: secret)
        let revision = try await site.catalog.revision()
        let log = StepLog()
        let report = await site.sync(from: origin, secret: secret, probe: log.note)
        #expect(report.result == .unchanged)
        #expect(log.all == [.head])
        #expect(report.documents == 0 && report.bytes == 0 && report.failures.isEmpty)
        #expect(try await site.catalog.revision() == revision)
    }

    @Test("A change that a token's tier does not show costs no document")
    func invisibleChange() async throws {
        let origin = try await InProcessServer(id: "origin")
        let site = try await InProcessServer(id: "site")
        let stable = try tier("stable")
        let secret = try await origin.issue("stable", "site")
        try await origin.release("107.1")
        try await origin.promote("107.1", "stable")
        await site.sync(from: origin, secret: secret)
        try await origin.release("108.1")
        try await origin.promote("108.1", "candidate")
        let log = StepLog()
        #expect(await site.sync(from: origin, secret: secret, probe: log.note).result == .unchanged)
        // The origin has signed something; the view has not changed, but for its roots nothing of it is asked for.
        #expect(log.documents.isEmpty && log.contents.isEmpty)
        #expect(log.metadata.filter { $0.repository == .view(stable) }.map(\.name) == ["2.root.json"])
    }

    @Test("With sync-tiers a promotion costs one tier's document, and no other document is fetched again")
    func promotionCost() async throws {
        let (origin, site, secret) = try await pair()
        for release in 100..<120 { try await origin.release("\(release).1", length: 10) }
        await site.sync(from: origin, secret: secret, request: mirroring(site))
        try await origin.promote("107.1", "beta")
        let log = StepLog()
        let report = await site.sync(from: origin, secret: secret, request: mirroring(site), probe: log.note)
        #expect(report.result == .complete)
        #expect(log.documents.isEmpty && log.contents.isEmpty)
        let roles = log.metadata.map { $0.name.drop { $0.isNumber || $0 == "." } }
        #expect(roles.filter { $0.hasPrefix("tier-") || $0.hasPrefix("patch-") } == ["tier-beta.json"])
        #expect(try await site.offer("beta") == ["107.1"])
    }

    @Test("A server refuses to sync from itself, and from a server below it, and names the loop")
    func loops() async throws {
        let a = try await InProcessServer(id: "a")
        let b = try await InProcessServer(id: "b")
        try await a.release("107.1")
        let secretA = try await a.issue("edge", "b")
        let secretB = try await b.issue("edge", "a")
        let itself = await a.sync(from: a, secret: secretA)
        #expect(itself.result == .failed)
        #expect(itself.failures.first?.code == "upstream-loop")
        await b.sync(from: a, secret: secretA)
        let loop = await a.sync(from: b, secret: secretB)
        #expect(loop.result == .failed)
        #expect(loop.failures.first?.code == "upstream-loop")
        #expect(loop.failures.first?.message.contains("a → b → a") == true)
    }

    @Test("What a relay's filter keeps out is not missed by the servers below it")
    func relayFilter() async throws {
        let origin = try await InProcessServer(id: "origin")
        let relay = try await InProcessServer(id: "relay")
        let site = try await InProcessServer(id: "site")
        for flavour in ["generic", "aws"] {
            let name = fileName("107.1", flavour: flavour)
            try await origin.release(name, content(name))
        }
        let request = SyncRequest(
            deployment: relay.deployment, filter: SyncFilter(flavours: [try Flavour(parsing: "generic")]))
        let first = await relay.sync(from: origin, secret: try await origin.issue("edge", "relay"), request: request)
        #expect(first.result == .complete)
        let report = await site.sync(from: relay, secret: try await relay.issue("edge", "site"))
        #expect(report.result == .complete, "\(report.failures)")
        #expect(try await site.catalog.files(of: version("107.1")).map(\.file.name.flavour.rawValue) == ["generic"])
    }

    @Test("A token of a later tier shows only what that tier offers")
    func laterTier() async throws {
        let origin = try await InProcessServer(id: "origin")
        let site = try await InProcessServer(id: "site")
        let secret = try await origin.issue("stable", "site")
        try await origin.release("107.1")
        try await origin.release("108.1")
        try await origin.promote("107.1", "stable")
        #expect(await site.sync(from: origin, secret: secret).result == .complete)
        #expect(try await site.offer("edge") == ["107.1"])
        let hidden = try PatchFileName(parsing: fileName("108.1"))
        await #expect(throws: LivepatchError.self) { try await origin.delivery.file(hidden, for: .tier(tier("stable"))) }
    }

    @Test("A local promotion made while a long sync is under way is not lost")
    func promotionDuringSync() async throws {
        let (origin, site, secret) = try await pair()
        try await origin.release("107.1")
        await site.sync(from: origin, secret: secret)
        try await origin.release("108.1")
        let report = await site.sync(from: origin, secret: secret) { step in
            if case .content = step { try await site.promote("107.1", "stable") }
        }
        #expect(report.result == .complete)
        #expect(try await site.offer("stable") == ["107.1"])
        #expect(try await site.offer("edge") == ["107.1", "108.1"])
    }

    @Test("A server without patches is said to show nothing, which is not a success")
    func empty() async throws {
        let (origin, site, secret) = try await pair()
        let report = await site.sync(from: origin, secret: secret)
        #expect(report.result == .failed)
        #expect(report.failures.map(\.code) == ["upstream-empty"])
        #expect(report.failures.first?.message.contains("'edge'") == true)
    }

    @Test("An expired, a revoked and an unknown token are refused alike")
    func refusedTokens() async throws {
        let clock = SettableTime(Date(timeIntervalSince1970: 1_700_000_000))
        let origin = try await InProcessServer(id: "origin", now: clock.now)
        let site = try await InProcessServer(id: "site")
        try await origin.release("107.1")
        let expiring = try await origin.issue("edge", "expiring", validUntil: clock.now().addingTimeInterval(60))
        let revoked = try await origin.issue("edge", "revoked")
        try await origin.issuer.revoke("revoked", by: "test")
        clock.advance(by: 60)
        var messages: Set<String> = []
        for secret in [expiring, revoked, TokenIssuer.systemSecret(), "nonsense"] {
            let report = await site.sync(from: origin, secret: secret)
            #expect(report.result == .failed)
            messages.insert(report.failures.map(\.message).joined())
        }
        #expect(messages.count == 1)
        #expect(try await site.catalog.versions().isEmpty)
    }
}

/// An origin, a downstream and the secret that joins them.
func pair() async throws -> (origin: InProcessServer, site: InProcessServer, secret: String) {
    let origin = try await InProcessServer(id: "origin")
    let site = try await InProcessServer(id: "site")
    return (origin, site, try await origin.issue("edge", "site"))
}

func mirroring(_ server: InProcessServer) -> SyncRequest {
    SyncRequest(deployment: server.deployment, mirrorsTiers: true)
}
