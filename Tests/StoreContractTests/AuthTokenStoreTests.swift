import FoundationEssentials
import LivepatchKit
import Testing

func authToken(_ id: String, tier tierName: String = "edge", created: Date = noon, secret: String? = nil) -> AuthToken {
    AuthToken(id: id, tier: tier(tierName), created: created, hash: hash(secret ?? id))
}

func machineID(_ text: String) -> HashedMachineID { HashedMachineID(digest: hash(text)) }

@Suite("An auth token store")
struct AuthTokenStoreTests {
    @Test("tokens are kept whole, found by their secret, and listed by id, then creation", arguments: Implementation.allCases)
    func keeps(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let tokens = stores.authTokens
            var old = authToken("web servers", created: noon.addingTimeInterval(-100), secret: "old")
            old.revoked = noon
            var new = authToken("web servers", tier: "stable", secret: "new")
            new.validUntil = noon.addingTimeInterval(3600)
            new.machineLimit = 7
            let other = authToken("Büro", secret: "other")
            for token in [new, old, other] { try await tokens.add(token, entry: entry("auth-token")) }
            let listed = try await tokens.authTokens()
            #expect(listed.map(\.token) == [other, old, new])
            #expect(listed.map(\.machines) == [0, 0, 0])
            #expect(try await tokens.authToken(hash: hash("old")) == old)
            #expect(try await tokens.authToken(hash: hash("unknown")) == nil)
            #expect(try await stores.catalog.history(limit: 9, before: nil).count == 3)
            #expect(try await stores.catalog.revision().rawValue == 0)
        }
    }

    @Test("an id is free again only after revocation", arguments: Implementation.allCases)
    func ids(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let tokens = stores.authTokens
            try await tokens.add(authToken("web", secret: "1"), entry: entry())
            await expectError(.alreadyExists) { try await tokens.add(authToken("web", secret: "2"), entry: entry()) }
            await expectError(.tierUnknown) { try await tokens.add(authToken("x", tier: "nowhere"), entry: entry()) }
            #expect(try await stores.catalog.history(limit: 9, before: nil).count == 1)
            _ = try await tokens.updateAuthToken("web", entry: entry()) { $0.revoked = noon }
            try await tokens.add(authToken("web", secret: "2"), entry: entry())
            #expect(try await tokens.authTokens().count == 2)
        }
    }

    @Test("an update is kept with its record, and one that throws is not", arguments: Implementation.allCases)
    func updates(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let tokens = stores.authTokens
            await expectError(.notFound) { _ = try await tokens.updateAuthToken("web", entry: entry()) { _ in } }
            try await tokens.add(authToken("web"), entry: entry())
            try await tokens.add(authToken("taken"), entry: entry())
            let increase = try await stores.revisionIncrease {
                let changed = try await tokens.updateAuthToken("web", entry: entry("limit")) {
                    $0.machineLimit = 3
                    $0.validUntil = noon.addingTimeInterval(0.5)
                    // The secret stays, whatever anybody does.
                    $0.hash = hash("another")
                }
                #expect(changed.machineLimit == 3 && changed.validUntil == noon && changed.hash == hash("web"))
                #expect(try await tokens.authToken(hash: hash("web")) == changed)
            }
            #expect(increase == 0)
            #expect(try await stores.catalog.history(limit: 1, before: nil).first?.action == "limit")

            let count = try await stores.catalog.history(limit: 9, before: nil).count
            let before = try await tokens.authToken(hash: hash("web"))
            await expectError(.malformedRequest) {
                _ = try await tokens.updateAuthToken("web", entry: entry()) { token in
                    token.tier = tier("beta")
                    throw LivepatchError(.malformedRequest, "no")
                }
            }
            await expectError(.tierUnknown) {
                _ = try await tokens.updateAuthToken("web", entry: entry()) { $0.tier = tier("nowhere") }
            }
            await expectError(.alreadyExists) { _ = try await tokens.updateAuthToken("web", entry: entry()) { $0.id = "taken" } }
            #expect(try await tokens.authToken(hash: hash("web")) == before)
            #expect(try await stores.catalog.history(limit: 9, before: nil).count == count)
        }
    }

    @Test("another tier and a revocation increase the revision", arguments: Implementation.allCases)
    func revisions(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let tokens = stores.authTokens
            try await tokens.add(authToken("web"), entry: entry())
            for change in [{ $0.tier = tier("beta") }, { $0.revoked = noon }] as [@Sendable (inout AuthToken) -> Void] {
                #expect(
                    try await stores.revisionIncrease {
                        _ = try await tokens.updateAuthToken("web", entry: entry(), change)
                    } == 1)
            }
            await expectError(.notFound) { _ = try await tokens.updateAuthToken("web", entry: entry()) { _ in } }
        }
    }

    @Test("a change of tiers moves auth tokens as it says, or is refused", arguments: Implementation.allCases)
    func moves(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            var expired = authToken("expired", tier: "beta")
            expired.validUntil = noon.addingTimeInterval(-10)
            var revoked = authToken("revoked", tier: "beta")
            revoked.revoked = noon
            for token in [expired, revoked] { try await stores.authTokens.add(token, entry: entry()) }
            let (before, revision) = try await stores.catalog.tierState()
            var after = before
            after.tiers.removeAll { $0 == tier("beta") }
            func apply(_ moves: [TierChange.TokenMove]) async throws {
                _ = try await stores.catalog.apply(
                    TierChange(from: before, to: after, authTokens: moves), entry: entry(), expecting: revision)
            }
            // Machines hold the expired one, and nobody can see with the revoked one.
            await expectError(.catalogueChanged) { try await apply([]) }
            await expectError(.catalogueChanged) {
                try await apply([.init(token: "expired", before: tier("stable"), after: tier("edge"))])
            }
            await expectError(.catalogueChanged) {
                try await apply([.init(token: "expired", before: tier("beta"), after: tier("nowhere"))])
            }
            try await apply([.init(token: "expired", before: tier("beta"), after: tier("edge"))])
            #expect(try await stores.authTokens.authTokens().map(\.token.tier) == [tier("edge"), tier("beta")])
            let record = try await stores.catalog.history(limit: 1, before: nil).first
            #expect(record?.change?.authTokens?.map(\.token) == ["expired"])
        }
    }

    @Test(
        "a sync moves auth tokens whose tier is gone, those among them that it did not know of",
        arguments: Implementation.allCases)
    func syncs(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            for (id, name) in [("known", "beta"), ("late", "stable"), ("stays", "edge")] {
                try await stores.authTokens.add(authToken(id, tier: name), entry: entry())
            }
            try await stores.catalog.sync { commit in
                commit.tiers = [tier("edge"), tier("candidate")]
                commit.authTokens = [
                    .init(token: "known", before: tier("beta"), after: tier("candidate")),
                    .init(token: "gone", before: tier("beta"), after: tier("candidate")),
                ]
            }
            let tokens = try await stores.authTokens.authTokens().map(\.token)
            #expect(tokens.map(\.id) == ["known", "late", "stays"])
            #expect(tokens.map(\.tier) == [tier("candidate"), tier("candidate"), tier("edge")])
            let change = try await stores.catalog.history(limit: 1, before: nil).first?.change
            #expect(change?.authTokens?.map(\.token) == ["known", "late"])
        }
    }
}
