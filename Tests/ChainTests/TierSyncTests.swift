import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import Testing

@Suite("Syncing tiers")
struct TierSyncTests {
    @Test("The first mirroring says what it destroys and keeps a snapshot; later ones do neither")
    func firstMirroring() async throws {
        let (origin, site, secret) = try await pair()
        try await origin.release("107.1")
        await site.sync(from: origin, secret: secret)
        try await site.administer(.addTier(name: tier("canary"), position: .before(tier: tier("edge"))))
        try await site.promote("107.1", "stable")
        try await origin.administer(.removeTier(name: tier("candidate"), force: false))
        let report = await site.sync(from: origin, secret: secret, request: mirroring(site))
        #expect(report.result == .complete)
        #expect(report.notes.contains { $0.contains("canary, edge, beta, candidate, stable") && $0.contains("1 membership") })
        #expect(try await site.offers().map(\.tier.rawValue) == ["edge", "beta", "stable"])
        #expect(try await site.offer("stable").isEmpty)
        let snapshots = try await site.catalog.tierSnapshots()
        #expect(snapshots.map { $0.tiers.map(\.rawValue) } == [["canary", "edge", "beta", "candidate", "stable"]])
        #expect(try snapshots.first?.reach[version("107.1")] == tier("stable"))

        try await origin.promote("107.1", "stable")
        let second = await site.sync(from: origin, secret: secret, request: mirroring(site))
        #expect(second.notes.isEmpty)
        #expect(try await site.offer("stable") == ["107.1"])
        #expect(try await site.catalog.tierSnapshots().count == 1)
    }

    @Test("A restored snapshot leaves out of all tiers what was withdrawn before it was taken")
    func withdrawnBeforeSnapshot() async throws {
        let (origin, site, secret) = try await pair()
        for release in 107...109 { try await origin.release("\(release).1", length: 100) }
        await site.sync(from: origin, secret: secret)
        try await site.promote("107.1", "beta")
        try await site.administer(.withdraw(version: version("108.1"), tier: tier("edge")))
        try await origin.release("110.1", length: 100)
        await site.sync(from: origin, secret: secret, request: mirroring(site))
        #expect(try await site.offer("edge") == ["107.1", "108.1", "109.1", "110.1"])
        await site.sync(from: origin, secret: secret)
        try await site.administer(.restore(snapshot: 1))
        #expect(try await site.offer("edge") == ["107.1", "109.1", "110.1"], "110.1 came later, into the first tier")
        #expect(try await site.offer("beta") == ["107.1"])
    }

    @Test("While tiers are the upstream's, every local tier and promotion command is refused and says where to go")
    func refusals() async throws {
        let (origin, site, secret) = try await pair()
        try await origin.release("107.1")
        await site.sync(from: origin, secret: secret, request: mirroring(site))
        let administration = site.administration(.upstream("https://origin.example"))
        let commands: [TierCommand] = [
            .addTier(name: try tier("new"), position: .last), .removeTier(name: try tier("beta"), force: true),
            .renameTier(name: try tier("beta"), newName: try tier("gamma")), .moveTier(name: try tier("beta"), position: .last),
            .promote(version: try version("107.1"), tier: try tier("stable")),
            .promoteAll(from: try tier("edge"), to: try tier("stable")),
            .withdraw(version: try version("107.1"), tier: try tier("edge")), .restore(snapshot: 1),
        ]
        let revision = try await site.catalog.revision()
        for command in commands {
            let error = await #expect(throws: LivepatchError.self, "\(command)") {
                try await administration.carryOut(command, by: "test")
            }
            #expect(error?.code == .managedUpstream)
            #expect(error?.message.contains("https://origin.example") == true)
            #expect(error?.suggestion?.contains("patch-sync.sync-tiers=false") == true)
        }
        #expect(try await site.catalog.revision() == revision)
    }

    @Test("A local block is allowed while tiers are the upstream's, and holds over the next sync")
    func localBlock() async throws {
        let (origin, site, secret) = try await pair()
        try await origin.release("107.1")
        try await origin.release("108.1")
        await site.sync(from: origin, secret: secret, request: mirroring(site))
        let administration = site.administration(.upstream("origin"))
        _ = try await administration.carryOut(.block(version: version("107.1"), reason: "it hangs here"), by: "test")
        try await origin.release("109.1")
        await site.sync(from: origin, secret: secret, request: mirroring(site))
        #expect(try await site.offer("edge") == ["108.1", "109.1"])
        #expect(try await origin.offer("edge") == ["107.1", "108.1", "109.1"])
    }

    @Test("Turned off again, mirrored tiers stay and can be edited")
    func turnedOff() async throws {
        let (origin, site, secret) = try await pair()
        try await origin.release("107.1")
        try await origin.promote("107.1", "beta")
        await site.sync(from: origin, secret: secret, request: mirroring(site))
        try await origin.release("108.1")
        #expect(await site.sync(from: origin, secret: secret).result == .complete)
        #expect(try await site.offer("beta") == ["107.1"])
        try await site.promote("107.1", "stable")
        await site.sync(from: origin, secret: secret)
        #expect(try await site.offer("stable") == ["107.1"])
        #expect(try await site.offer("edge") == ["107.1", "108.1"])
    }

    @Test("An upstream withdrawal arrives at the next sync")
    func withdrawal() async throws {
        let (origin, site, secret) = try await pair()
        for release in ["107.1", "108.1", "109.1"] { try await origin.release(release) }
        await site.sync(from: origin, secret: secret)
        try await site.promote("108.1", "stable")
        try await origin.administer(.withdraw(version: version("108.1"), tier: tier("edge")))
        let report = await site.sync(from: origin, secret: secret)
        #expect(report.versionsRemoved == [try version("108.1")])
        #expect(try await site.offer("edge") == ["107.1", "109.1"])
        #expect(try await site.offer("stable").isEmpty)
    }

    @Test("A block travels without sync-tiers, through every level, and before anything else of a sync")
    func blocks() async throws {
        let origin = try await InProcessServer(id: "origin")
        let relay = try await InProcessServer(id: "relay")
        let site = try await InProcessServer(id: "site")
        let secrets = (try await origin.issue("edge", "relay"), try await relay.issue("edge", "site"))
        try await origin.release("107.1")
        try await origin.release("108.1")
        await relay.sync(from: origin, secret: secrets.0)
        await site.sync(from: relay, secret: secrets.1)
        try await site.promote("107.1", "stable")
        try await relay.promote("107.1", "stable")

        try await origin.administer(.block(version: version("107.1"), reason: "it oopses"))
        // Everything after the revocations fails; the block is in force all the same.
        let failing = StepLog { step, _ in step.isOfTiers ? unreachable : nil }
        let report = await relay.sync(from: origin, secret: secrets.0, probe: failing.note)
        #expect(report.result == .failed)
        #expect(try await relay.offer("stable").isEmpty)
        await site.sync(from: relay, secret: secrets.1)
        #expect(try await site.offer("edge") == ["108.1"])
        #expect(try await site.offer("stable").isEmpty)
        let block = try #require(try await site.catalog.tierState().state.blocks.first)
        #expect(block.deployment == origin.deployment && block.reason == "it oopses")

        let refused = await #expect(throws: LivepatchError.self) {
            try await site.administer(.unblock(version: version("107.1"), reason: "we need it"))
        }
        #expect(refused?.code == .blockedUpstream)
        // Nor is there a way around it: what the upstream decided is not undone here.
        for record in try await site.catalog.history(limit: 100, before: nil) where record.isUpstreams {
            #expect(!record.isUndoable)
            let error = await #expect(throws: LivepatchError.self) { try await site.administer(.undo(change: record.id)) }
            #expect(error?.code == .notUndoable)
        }
        #expect(try await site.offer("edge") == ["108.1"])
    }

    @Test("Unblocked upstream, a patch is back where each level had promoted it to")
    func unblocked() async throws {
        let (origin, site, secret) = try await pair()
        try await origin.release("107.1")
        try await origin.release("108.1")
        await site.sync(from: origin, secret: secret)
        try await site.promote("107.1", "candidate")
        try await origin.administer(.block(version: version("107.1"), reason: "suspected"))
        await site.sync(from: origin, secret: secret)
        #expect(try await site.offer("edge") == ["108.1"])
        try await origin.administer(.unblock(version: version("107.1"), reason: "it was something else"))
        let report = await site.sync(from: origin, secret: secret)
        #expect(report.bytes == 0)
        #expect(try await site.offer("candidate") == ["107.1"])
    }

    @Test("A sync that brought a block or took one away says that it changed something")
    func blocksAreNews() async throws {
        let origin = try await InProcessServer(id: "origin")
        let site = try await InProcessServer(id: "site")
        try await origin.release("107.1")
        try await origin.release("108.1")
        let secret = try await origin.issue("edge", "site")
        await site.sync(from: origin, secret: secret)
        try await origin.administer(.block(version: version("107.1"), reason: "suspected"))
        #expect(await site.sync(from: origin, secret: secret).result == .complete)
        #expect(await site.sync(from: origin, secret: secret).result == .unchanged)
        try await origin.administer(.unblock(version: version("107.1"), reason: "it was something else"))
        #expect(await site.sync(from: origin, secret: secret).result == .complete)
    }

    @Test("A block of everything is obeyed without asking back")
    func everythingBlocked() async throws {
        let (origin, site, secret) = try await pair()
        try await origin.release("107.1")
        await site.sync(from: origin, secret: secret)
        try await origin.administer(.block(version: version("107.1"), reason: "it oopses"))
        let report = await site.sync(from: origin, secret: secret)
        #expect(report.result == .complete)
        #expect(report.notes.contains { $0.contains("'edge'") && $0.contains("blocked (107.1)") })
        #expect(await site.sync(from: origin, secret: secret).result == .unchanged)
        #expect(try await site.offer("edge").isEmpty)
    }

    @Test(
        "A first sync from a tier all of whose patches are blocked takes the block, and says that nothing else is there",
        arguments: [false, true])
    func onlyBlocked(_ mirrors: Bool) async throws {
        let (origin, site, secret) = try await pair()
        let request = SyncRequest(deployment: site.deployment, mirrorsTiers: mirrors)
        try await origin.release("107.1")
        try await origin.administer(.block(version: version("107.1"), reason: "it oopses"))
        let first = await site.sync(from: origin, secret: secret, request: request)
        #expect(first.result == .complete, "\(first.failures)")
        #expect(first.failures.isEmpty && first.versionsAdded.isEmpty)
        #expect(first.notes.contains { $0.contains("'edge'") && $0.contains("blocked (107.1)") })
        #expect(try await site.catalog.tierState().state.isBlocked(version("107.1")))
        #expect(await site.sync(from: origin, secret: secret, request: request).result == .unchanged)

        try await origin.administer(.unblock(version: version("107.1"), reason: "it was something else"))
        let unblocked = await site.sync(from: origin, secret: secret, request: request)
        #expect(unblocked.result == .complete)
        #expect(unblocked.notes.isEmpty && unblocked.versionsAdded.map(\.description) == ["107.1"])
        #expect(try await site.offer("edge") == ["107.1"])
    }

    @Test("A block of what the token's tier does not hold is not taken for the reason that the tier is empty")
    func blockedElsewhere() async throws {
        let origin = try await InProcessServer(id: "origin")
        let site = try await InProcessServer(id: "site")
        try await origin.release("107.1")
        try await origin.promote("107.1", "candidate")
        try await origin.administer(.block(version: version("107.1"), reason: "it oopses"))
        let secret = try await origin.issue("stable", "site")
        let report = await site.sync(from: origin, secret: secret)
        #expect(report.result == .failed)
        #expect(report.failures.map(\.code) == ["upstream-empty"])
        #expect(try await site.catalog.tierState().state.isBlocked(version("107.1")), "the block is applied all the same")
    }

    @Test("An upstream that suddenly shows little or nothing is not believed until that is confirmed", arguments: [3, 4])
    func shrunken(_ gone: Int) async throws {
        let (origin, site, secret) = try await pair()
        for release in 101...104 { try await origin.release("\(release).1", length: 100) }
        await site.sync(from: origin, secret: secret)
        for release in 101..<(101 + gone) {
            try await origin.administer(.withdraw(version: PatchVersion(release, 1), tier: tier("edge")))
        }
        let report = await site.sync(from: origin, secret: secret)
        #expect(report.result == .failed)
        #expect(report.failures.map(\.code) == ["upstream-shrunken"])
        #expect(report.failures.first?.message.contains("\(gone) of the 4") == true)
        #expect(try await site.offer("edge").count == 4)
        let request = SyncRequest(deployment: site.deployment, acceptsRemovals: true)
        #expect(await site.sync(from: origin, secret: secret, request: request).result == .complete)
        #expect(try await site.offer("edge").count == 4 - gone)
    }

    @Test("Sync tokens of a tier that a mirroring removes move to the tier that shows least")
    func orphanedTokens() async throws {
        let (origin, site, secret) = try await pair()
        try await origin.release("107.1")
        try await site.administer(.addTier(name: tier("prod"), position: .last))
        _ = try await site.issue("prod", "below")
        let report = await site.sync(from: origin, secret: secret, request: mirroring(site))
        #expect(report.result == .complete)
        #expect(try await site.tokens.syncTokens().map(\.tier.rawValue) == ["stable"])
        #expect(report.notes.contains { $0.contains("'below'") && $0.contains("'stable'") })
    }

    @Test("Auth tokens of a tier that a mirroring removes move with their machines, those that have expired too")
    func orphanedAuthTokens() async throws {
        let (origin, site, secret) = try await pair()
        try await origin.release("107.1")
        try await site.administer(.addTier(name: tier("prod"), position: .last))
        let long = AuthTokenIssuer(tokens: site.authTokens, now: { .distantPast })
        _ = try await long.add("web", tier: tier("prod"), validUntil: Date(timeIntervalSince1970: 0), by: "test")
        let report = await site.sync(from: origin, secret: secret, request: mirroring(site))
        #expect(report.result == .complete)
        #expect(try await site.authTokens.authTokens().map(\.token.tier.rawValue) == ["stable"])
        #expect(report.notes.contains { $0.contains("Auth token 'web'") && $0.contains("'stable'") })
    }
}
