import FoundationEssentials
import LivepatchKit
import Testing

@Suite("A catalogue's tiers")
struct CatalogTierTests {
    @Test("a change is applied and recorded, and its inverse leads back", arguments: Implementation.allCases)
    func applyAndUndo(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let catalog = stores.catalog
            _ = try await catalog.add(file("107.1"), entry: entry())
            let before = try await catalog.tierState()
            let id = try await catalog.change(entry: entry("everything")) { state in
                state.tiers = [tier("edge"), tier("canary"), tier("stable")]
                state.reach[patch("107.1")] = tier("canary")
                state.blocks = [block("107.1", by: "site"), block("300.1", by: "site")]
            }
            let after = try await catalog.tierState()
            #expect(after.revision.rawValue == before.revision.rawValue + 1)
            #expect(after.state.tiers == [tier("edge"), tier("canary"), tier("stable")])
            #expect(after.state.reach == [patch("107.1"): tier("canary")])
            #expect(after.state.blocks == [block("107.1", by: "site"), block("300.1", by: "site")])

            let record = try #require(try await catalog.change(id))
            #expect(record.actor == "alice" && record.action == "everything" && record.reason == "because")
            #expect(record.time == noon && record.undoes == nil && record.undoneBy == nil)
            let inverse = try #require(record.change?.inverse)
            let undo = try await catalog.apply(inverse, entry: entry("undo", undoes: id), expecting: after.revision)
            #expect(try await catalog.tierState().state == before.state)
            #expect(try await catalog.change(id)?.undoneBy == undo)
            #expect(try await catalog.change(undo)?.undoes == id)
        }
    }

    @Test("a change that was planned from another revision is refused whole", arguments: Implementation.allCases)
    func stale(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let catalog = stores.catalog
            _ = try await catalog.add(file("107.1"), entry: entry())
            let (before, revision) = try await catalog.tierState()
            var after = before
            after.reach[patch("107.1")] = tier("beta")
            let change = TierChange(from: before, to: after)
            _ = try await catalog.add(file("108.1"), entry: entry())
            await expectError(.catalogueChanged) {
                _ = try await catalog.apply(change, entry: entry(), expecting: revision)
            }
            #expect(try await catalog.tierState().state.reach[patch("107.1")] == tier("edge"))
            #expect(try await catalog.history(limit: 10, before: nil).count == 2)
        }
    }

    @Test("a change that does not fit the state is refused", arguments: Implementation.allCases)
    func unfit(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            var wrong = TierState()
            wrong.tiers = [tier("other")]
            let change = TierChange(from: wrong, to: TierState())
            await expectError(.catalogueChanged) {
                _ = try await stores.catalog.apply(
                    change, entry: entry(), expecting: try await stores.catalog.revision())
            }
        }
    }

    @Test("a change of nothing does not move the revision", arguments: Implementation.allCases)
    func nothing(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let increase = try await stores.revisionIncrease { try await stores.catalog.change { _ in } }
            #expect(increase == 0)
            #expect(try await stores.revisionIncrease { try await stores.catalog.record(entry("login")) } == 0)
            #expect(try await stores.catalog.history(limit: 10, before: nil).map(\.action) == ["login", "test"])
        }
    }

    @Test("tokens move in the transaction that takes their tier away", arguments: Implementation.allCases)
    func tokensMove(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            try await stores.tokens.add(token("site", tier: "beta"), entry: entry())
            try await stores.catalog.change(
                tokens: [.init(token: "site", before: tier("beta"), after: tier("edge"))]
            ) { $0.tiers.removeAll { $0 == tier("beta") } }
            #expect(try await stores.tokens.syncTokens().map(\.tier) == [tier("edge")])
        }
    }

    @Test("a tier is not taken from a token that came after the plan", arguments: Implementation.allCases)
    func tokenCameBetween(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let (before, revision) = try await stores.catalog.tierState()
            var after = before
            after.tiers.removeAll { $0 == tier("beta") }
            let change = TierChange(from: before, to: after)
            try await stores.tokens.add(token("site", tier: "beta"), entry: entry())
            await expectError(.catalogueChanged) {
                _ = try await stores.catalog.apply(change, entry: entry(), expecting: revision)
            }
            #expect(try await stores.catalog.tierState().state == before)
            _ = try await stores.tokens.update("site", entry: entry()) { $0.revoked = noon }
            // Once it opens nothing any more, it is no obstacle.
            let current = try await stores.catalog.revision()
            _ = try await stores.catalog.apply(change, entry: entry(), expecting: current)
            #expect(try await stores.catalog.tierState().state == after)
        }
    }

    @Test("history pages from the newest back", arguments: Implementation.allCases)
    func pages(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            for number in 1...5 { try await stores.catalog.record(entry("\(number)")) }
            let first = try await stores.catalog.history(limit: 2, before: nil)
            #expect(first.map(\.action) == ["5", "4"])
            let second = try await stores.catalog.history(limit: 2, before: first.last?.id)
            #expect(second.map(\.action) == ["3", "2"])
            #expect(try await stores.catalog.history(limit: 0, before: nil).isEmpty)
            #expect(try await stores.catalog.change(99) == nil)
        }
    }

    @Test("an upstream's blocks replace those of others and leave this server's own", arguments: Implementation.allCases)
    func revocations(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let catalog = stores.catalog
            try await catalog.setDeployment(deployment("site"))
            try await catalog.change { $0.blocks = [block("107.1", by: "site"), block("108.1", by: "origin")] }
            let upstream = [
                block("109.1", by: "origin"), block("107.1", by: "origin"), block("110.1", by: "site"),
            ]
            let increase = try await stores.revisionIncrease {
                let change = try await catalog.applyRevocations(upstream, entry: entry("sync"))
                #expect(change.blocked == [block("107.1", by: "origin"), block("109.1", by: "origin")])
                #expect(change.unblocked == [block("108.1", by: "origin")])
            }
            #expect(increase == 1)
            #expect(
                try await catalog.tierState().state.blocks == [
                    block("107.1", by: "origin"), block("107.1", by: "site"), block("109.1", by: "origin"),
                ])
            let records = try await catalog.history(limit: 10, before: nil).count
            let second = try await stores.revisionIncrease {
                let change = try await catalog.applyRevocations(upstream, entry: entry("sync"))
                #expect(change.isEmpty)
            }
            #expect(second == 0)
            #expect(try await catalog.history(limit: 10, before: nil).count == records)

            let reworded = [block("109.1", by: "origin", reason: "hangs"), block("107.1", by: "origin")]
            try await catalog.applyRevocations(reworded, entry: entry("sync"))
            #expect(try await catalog.tierState().state.blocks.map(\.reason) == ["panics", "panics", "hangs"])
        }
    }
}
