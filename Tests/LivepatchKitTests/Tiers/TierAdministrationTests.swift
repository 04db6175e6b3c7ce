import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import Synchronization
import Testing

@Suite struct TierAdministrationTests {
    private let clock = ManualClock()
    private let server: InProcessServer

    init() async throws {
        let clock = clock
        server = try await InProcessServer(id: "here", now: { clock.date })
        for version in ["9.1", "107.1", "107.2"] {
            try await server.release("livepatch-5.15.0-107.117-generic-\(version)-amd64.tar.bz2", Array(version.utf8))
        }
    }

    private var state: TierState { get async throws { try await server.catalog.tierState().state } }

    // MARK: Plan, apply, undo

    @Test func `a plan touches nothing`() async throws {
        let before = try await server.catalog.tierState()
        let plan = try await server.administration().plan(.promote(version: "107.1", tier: "stable"))
        #expect(!plan.isEmpty)
        let after = try await server.catalog.tierState()
        #expect(after.state == before.state)
        #expect(after.revision == before.revision)
    }

    @Test func `what is carried out is what was planned, and recorded with who, when and what`() async throws {
        let command = TierCommand.promote(version: "107.1", tier: "stable")
        let planned = try await server.administration().plan(command)
        clock.advance(by: .seconds(90))
        let (plan, change) = try await server.administration().carryOut(command, by: "alice")
        #expect(plan == planned)
        #expect(try await state.offers("107.1", in: "stable"))
        let id = try #require(change)
        let record = try #require(try await server.catalog.change(id))
        #expect(record.actor == "alice")
        #expect(record.action == "patch promote 107.1 stable")
        #expect(record.time == clock.date)
        #expect(record.change == plan.change)
    }

    @Test func `a reason stands in the history`() async throws {
        let change = try #require(try await server.administer(.block(version: "9.1", reason: "it crashes")))
        #expect(try await server.catalog.change(change)?.reason == "it crashes")
    }

    @Test func `what changes nothing is not recorded`() async throws {
        let before = try await server.catalog.revision()
        let count = try await server.catalog.history(limit: 100, before: nil).count
        #expect(try await server.administer(.promote(version: "107.1", tier: "edge")) == nil)
        #expect(try await server.catalog.revision() == before)
        #expect(try await server.catalog.history(limit: 100, before: nil).count == count)
    }

    @Test func `an undo is a change of its own, and can be undone`() async throws {
        let before = try await state
        let change = try #require(try await server.administer(.promoteAll(from: "edge", to: "stable")))
        let promoted = try await state
        let undo = try #require(try await server.administer(.undo(change: change)))
        #expect(try await state == before)
        #expect(try await server.catalog.change(undo)?.undoes == change)
        #expect(try await server.catalog.change(change)?.undoneBy == undo)
        await expectError(.notUndoable, naming: ["by change \(undo)"]) { try await server.administer(.undo(change: change)) }
        try await server.administer(.undo(change: undo))
        #expect(try await state == promoted)
    }

    @Test func `unknown changes and snapshots, and changes of other things, cannot be undone or restored`() async throws {
        await expectError(.changeUnknown, naming: ["99", "history"]) { try await server.administer(.undo(change: 99)) }
        await expectError(.notFound, naming: ["99", "tier snapshots"]) { try await server.administer(.restore(snapshot: 99)) }
        _ = try await server.issue("edge", "site")
        let issued = try #require(try await server.catalog.history(limit: 1, before: nil).first)
        await expectError(.notUndoable) { try await server.administer(.undo(change: issued.id)) }
    }

    // MARK: Tokens

    @Test func `usable tokens hold a tier, expired and revoked ones do not`() async throws {
        _ = try await server.issue("stable", "forever")
        _ = try await server.issue("candidate", "brief", validUntil: clock.date.addingTimeInterval(60))
        _ = try await server.issue("candidate", "revoked")
        _ = try await server.issuer.revoke("revoked", by: "alice")
        await expectError(.tierInUse, naming: ["'forever' (stable)"]) {
            try await server.administer(.removeTier(name: "stable", force: false))
        }
        await expectError(.tierInUse, naming: ["'brief'"]) {
            try await server.administer(.removeTier(name: "candidate", force: false))
        }
        clock.advance(by: .seconds(60))
        try await server.administer(.removeTier(name: "candidate", force: false))
        #expect(try await state.tiers == ["edge", "beta", "stable"])
    }

    @Test func `with force tokens move in the same change, and back with its undo`() async throws {
        let secret = try await server.issue("stable", "site")
        let change = try #require(try await server.administer(.removeTier(name: "stable", force: true)))
        #expect(try await server.tokens.syncToken(hash: TokenSecret.hash(secret))?.tier == "candidate")
        try await server.administer(.undo(change: change))
        #expect(try await server.tokens.syncToken(hash: TokenSecret.hash(secret))?.tier == "stable")
    }

    @Test func `undoing a new tier does not leave tokens without one`() async throws {
        let change = try #require(try await server.administer(.addTier(name: "lts", position: .last)))
        _ = try await server.issue("lts", "site")
        await expectError(.tierInUse, naming: ["'site' (lts)"]) { try await server.administer(.undo(change: change)) }
    }

    // MARK: At the same time

    @Test func `commands at the same time are all carried out, each on what the others left`() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for version: PatchVersion in ["9.1", "107.1", "107.2"] {
                group.addTask { [server] in try await server.administer(.promote(version: version, tier: "stable")) }
            }
            for tier: TierName in ["lts", "eu", "us"] {
                group.addTask { [server] in try await server.administer(.addTier(name: tier, position: .last)) }
            }
            try await group.waitForAll()
        }
        #expect(try await state.offered(in: "stable") == ["9.1", "107.1", "107.2"])
        #expect(Set(try await state.tiers.suffix(3)) == ["lts", "eu", "us"])
    }

    @Test func `a plan that was overtaken is made again from what there is then`() async throws {
        let catalog = OvertakenCatalog(server.catalog) { [server] in
            try await server.administer(.addTier(name: "lts", position: .before(tier: "stable")))
        }
        let administration = TierAdministration(
            catalog: catalog, tokens: server.tokens, authTokens: server.authTokens, authority: .local, now: { .now })
        let (plan, change) = try await administration.carryOut(.promote(version: "107.1", tier: "stable"), by: "alice")
        #expect(change != nil)
        #expect(
            plan.effects.map(\.tier) == ["beta", "candidate", "lts", "stable"], "the tier that came in between is in the plan")
        #expect(catalog.attempts == 2)
    }

    @Test func `a plan that is overtaken and over, and then refused, is refused for its reason`() async throws {
        let catalog = OvertakenCatalog(server.catalog) { [server] in
            try await server.administer(.removeTier(name: "stable", force: false))
        }
        let administration = TierAdministration(
            catalog: catalog, tokens: server.tokens, authTokens: server.authTokens, authority: .local, now: { .now })
        await expectError(.tierUnknown, naming: ["'stable'"]) {
            try await administration.carryOut(.promote(version: "107.1", tier: "stable"), by: "alice")
        }
    }

    @Test func `a catalogue that never stands still is given up in the end`() async throws {
        let catalog = OvertakenCatalog(server.catalog, always: true) { [server] in
            let last = try await server.catalog.tierState().state.offers("9.1", in: "beta")
            try await server.administer(last ? .withdraw(version: "9.1", tier: "beta") : .promote(version: "9.1", tier: "beta"))
        }
        let administration = TierAdministration(
            catalog: catalog, tokens: server.tokens, authTokens: server.authTokens, authority: .local, now: { .now })
        await expectError(.catalogueChanged) {
            try await administration.carryOut(.promote(version: "107.1", tier: "stable"), by: "alice")
        }
        #expect(catalog.attempts == 11)
        #expect(try await state.offers("107.1", in: "stable") == false)
    }

    // MARK: Tiers of the upstream

    @Test func `where tiers are the upstream's, their commands are refused with where to go instead`() async throws {
        let managed = server.administration(.upstream("https://origin.example"))
        let commands: [TierCommand] = [
            .addTier(name: "lts", position: .last), .removeTier(name: "beta", force: true),
            .renameTier(name: "beta", newName: "preview"), .moveTier(name: "beta", position: .last),
            .promote(version: "107.1", tier: "beta"), .promoteAll(from: "edge", to: "beta"),
            .withdraw(version: "107.1", tier: "edge"), .restore(snapshot: 1),
        ]
        for command in commands {
            await expectError(.managedUpstream, naming: ["'\(command)'", "https://origin.example", "patch-sync.sync-tiers"]) {
                try await managed.plan(command)
            }
            await expectError(.managedUpstream) { try await managed.carryOut(command, by: "alice") }
        }
    }

    @Test func `a block and its undo stay local decisions, and the undo of a promotion does not`() async throws {
        let promotion = try #require(try await server.administer(.promote(version: "107.1", tier: "beta")))
        let managed = server.administration(.upstream("https://origin.example"))
        let block = try #require(try await managed.carryOut(.block(version: "107.1", reason: "x"), by: "alice").change)
        #expect(try await state.isBlocked("107.1"))
        _ = try await managed.carryOut(.undo(change: block), by: "alice")
        #expect(try await state.isBlocked("107.1") == false)
        await expectError(.managedUpstream, naming: ["'undo \(promotion)'"]) {
            try await managed.carryOut(.undo(change: promotion), by: "alice")
        }
        let again = try await managed.carryOut(.block(version: "107.1", reason: "x"), by: "alice").change
        #expect(again != nil)
        #expect(try await managed.carryOut(.unblock(version: "107.1", reason: "fixed"), by: "alice").change != nil)
    }
}
