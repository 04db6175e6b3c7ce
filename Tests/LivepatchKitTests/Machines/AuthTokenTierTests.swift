import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import Testing

/// What becomes of auth tokens, and so of machines, when tiers change: the same as of sync tokens.
@Suite struct AuthTokenTierTests {
    private let server = MachineServer()

    private func add(_ id: String, _ tier: TierName, validUntil: Date? = nil) async throws {
        _ = try await server.issuer.add(id, tier: tier, validUntil: validUntil, by: "alice")
    }

    private func tiers() async throws -> [String: TierName] {
        Dictionary(uniqueKeysWithValues: try await server.tokens.authTokens().map { ($0.token.id, $0.token.tier) })
    }

    private func change(_ command: TierCommand) async throws -> Int64 {
        try #require(try await server.administration.carryOut(command, by: "alice").change)
    }

    @Test func `a tier that an auth token refers to is removed only with force, and an undo brings the token back`() async throws
    {
        try await add("web", "beta")
        try await add("elsewhere", "edge")
        await expectError(.tierInUse, naming: ["Auth tokens", "'web' (beta)", "--force"]) {
            try await change(.removeTier(name: "beta", force: false))
        }
        let removal = try await change(.removeTier(name: "beta", force: true))
        #expect(try await tiers() == ["web": "edge", "elsewhere": "edge"])
        _ = try await change(.undo(change: removal))
        #expect(try await tiers() == ["web": "beta", "elsewhere": "edge"])
    }

    @Test func `an auth token that has expired holds its tier, for its machines go on, and a revoked one does not`() async throws
    {
        try await add("old", "beta", validUntil: server.clock.date.addingTimeInterval(10))
        try await add("revoked", "candidate")
        server.clock.advance(by: .seconds(20))
        try await server.issuer.revoke("revoked", by: "alice")
        await expectError(.tierInUse, naming: ["'old' (beta)"]) { try await change(.removeTier(name: "beta", force: false)) }
        _ = try await change(.removeTier(name: "candidate", force: false))
        #expect(try await tiers() == ["old": "beta", "revoked": "candidate"])
    }

    @Test func `a renamed tier keeps its auth tokens, and so does one that gets its old name back`() async throws {
        try await add("web", "beta")
        let renaming = try await server.administration.carryOut(.renameTier(name: "beta", newName: "preview"), by: "alice")
        #expect(renaming.plan.renamed?.after == "preview")
        #expect(renaming.plan.effects == [])
        #expect(try await tiers() == ["web": "preview"])
        try await add("later", "preview")
        _ = try await change(.undo(change: try #require(renaming.change)))
        #expect(try await tiers() == ["web": "beta", "later": "beta"])
    }

    @Test func `an undo is refused where an auth token has been moved since, and passes over one that was revoked`() async throws
    {
        try await add("web", "beta")
        try await add("gone", "beta")
        let removal = try await change(.removeTier(name: "beta", force: true))
        try await server.issuer.revoke("gone", by: "alice")
        try await server.issuer.move("web", to: "stable", by: "alice")
        await expectError(.notUndoable, naming: ["auth token 'web'", "'stable'"]) { try await change(.undo(change: removal)) }
        try await server.issuer.move("web", to: "edge", by: "alice")
        _ = try await change(.undo(change: removal))
        #expect(try await tiers() == ["web": "beta", "gone": "edge"])
    }

    @Test func `both kinds of tokens are named`() throws {
        let planner = TierPlanner(
            .init(
                state: TierState(), versions: [], tokens: ["site": "beta"], authTokens: ["web": "beta"], deployment: "here"),
            now: MachineSamples.now)
        expectError(
            .tierInUse, naming: ["Sync tokens refer to the tier: 'site' (beta). Auth tokens refer to the tier: 'web' (beta)."]
        ) {
            try planner.plan(.removeTier(name: "beta", force: false))
        }
        let change = try planner.plan(.removeTier(name: "beta", force: true)).change
        #expect(change.tokens.map(\.token) == ["site"] && change.authTokens?.map(\.token) == ["web"])
        #expect(change.inverse.authTokens?.map(\.after) == ["beta"])
    }

    @Test func `what earlier releases recorded is read, and what moves no auth token is written as they wrote it`() throws {
        let json = #"""
            {"blocked":[],"reach":[],"tiers":{"after":["edge"],"before":["edge","beta"]},"tokens":[{"after":"edge","before":"beta","token":"site"}],"unblocked":[]}
            """#
        let change = try DocumentCoding.decode(TierChange.self, from: json.utf8)
        #expect(change.authTokens == nil)
        #expect(try DocumentCoding.encode(change) == Array(json.utf8))
    }

    @Test func `a token that comes to a tier while its removal is planned is not left behind`() async throws {
        let catalog = OvertakenCatalog(server.catalog) { [server] in
            _ = try await server.issuer.add("late", tier: "beta", by: "bob")
        }
        let administration = TierAdministration(
            catalog: catalog, tokens: InMemoryTokenStore(InMemoryDatabase()), authTokens: server.tokens, authority: .local,
            now: { MachineSamples.now })
        _ = try await administration.carryOut(.removeTier(name: "beta", force: true), by: "alice")
        #expect(try await tiers() == ["late": "edge"])
    }
}
