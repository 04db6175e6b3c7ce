import FoundationEssentials
import LivepatchKit
import Testing

@Suite("A token store")
struct TokenStoreTests {
    @Test("tokens are kept whole, found by any secret, and listed by name, then creation", arguments: Implementation.allCases)
    func keeps(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let tokens = stores.tokens
            var old = token("site", created: noon.addingTimeInterval(-100), secret: "old")
            old.revoked = noon
            var new = token("site", tier: "stable", secret: "new")
            new.validUntil = noon.addingTimeInterval(3600)
            new.secrets.append(.init(hash: hash("previous"), validUntil: noon.addingTimeInterval(60)))
            let other = token("another")
            for token in [new, old, other] { try await tokens.add(token, entry: entry("sync-tokens add")) }
            #expect(try await tokens.syncTokens() == [other, old, new])
            #expect(try await tokens.syncToken(hash: hash("previous")) == new)
            #expect(try await tokens.syncToken(hash: hash("old")) == old)
            #expect(try await tokens.syncToken(hash: hash("unknown")) == nil)
            #expect(try await stores.catalog.history(limit: 9, before: nil).count == 3)
            #expect(try await stores.catalog.revision().rawValue == 0)
        }
    }

    @Test("a name is free again only after revocation", arguments: Implementation.allCases)
    func names(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let tokens = stores.tokens
            try await tokens.add(token("site", secret: "1"), entry: entry())
            await expectError(.alreadyExists) { try await tokens.add(token("site", secret: "2"), entry: entry()) }
            await expectError(.tierUnknown) { try await tokens.add(token("x", tier: "nowhere"), entry: entry()) }
            #expect(try await stores.catalog.history(limit: 9, before: nil).count == 1)
            _ = try await tokens.update("site", entry: entry("sync-tokens revoke")) { $0.revoked = noon }
            try await tokens.add(token("site", secret: "2"), entry: entry())
            #expect(try await tokens.syncTokens().count == 2)
        }
    }

    @Test("an update is kept with its record, and one that throws is not", arguments: Implementation.allCases)
    func updates(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let tokens = stores.tokens
            await expectError(.notFound) { _ = try await tokens.update("site", entry: entry()) { _ in } }
            try await tokens.add(token("site"), entry: entry())
            try await tokens.add(token("taken"), entry: entry())
            let rotated = try await tokens.update("site", entry: entry("rotate")) {
                $0.secrets = [.init(hash: hash("fresh")), .init(hash: hash("site"), validUntil: noon)]
            }
            #expect(rotated.secrets.map(\.hash) == [hash("fresh"), hash("site")])
            #expect(try await tokens.syncToken(hash: hash("fresh")) == rotated)
            #expect(try await stores.catalog.history(limit: 1, before: nil).first?.action == "rotate")

            let count = try await stores.catalog.history(limit: 9, before: nil).count
            await expectError(.malformedRequest) {
                _ = try await tokens.update("site", entry: entry()) { token in
                    token.tier = tier("beta")
                    throw LivepatchError(.malformedRequest, "no")
                }
            }
            await expectError(.tierUnknown) { _ = try await tokens.update("site", entry: entry()) { $0.tier = tier("nowhere") } }
            await expectError(.alreadyExists) { _ = try await tokens.update("site", entry: entry()) { $0.name = "taken" } }
            #expect(try await tokens.syncToken(hash: hash("site")) == rotated)
            #expect(try await stores.catalog.history(limit: 9, before: nil).count == count)

            #expect(
                try await stores.revisionIncrease {
                    _ = try await tokens.update("site", entry: entry()) { $0.tier = tier("beta") }
                } == 1)
            // Whatever is remembered of what a token opens is as old as the revision.
            for change: @Sendable (inout SyncToken) -> Void in [
                { $0.validUntil = noon }, { $0.secrets[0] = SyncToken.Secret(hash: hash("fresh"), validUntil: noon) },
                { $0.revoked = noon },
            ] {
                let increase = try await stores.revisionIncrease { _ = try await tokens.update("site", entry: entry(), change) }
                #expect(increase == 1)
                let (found, revision) = try await tokens.syncTokenAndRevision(hash: hash("site"))
                #expect(found != nil)
                let listed = try await tokens.syncTokens().first { $0.secrets.contains { $0.hash == hash("site") } }
                #expect(found == listed)
                #expect(try await revision == stores.catalog.revision())
            }
            #expect(try await tokens.syncTokenAndRevision(hash: hash("unknown")).token == nil)
            await expectError(.notFound) { _ = try await tokens.update("site", entry: entry()) { _ in } }
        }
    }

    @Test("updates of one token at once are all kept", arguments: Implementation.allCases)
    func concurrent(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            try await stores.tokens.add(token("site", created: Date(timeIntervalSince1970: 0)), entry: entry())
            try await withThrowingTaskGroup { group in
                for _ in 0..<20 {
                    group.addTask {
                        _ = try await stores.tokens.update("site", entry: entry()) { $0.created += 1 }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await stores.tokens.syncTokens().map(\.created) == [Date(timeIntervalSince1970: 20)])
        }
    }

    @Test("a use is noted to the minute, and at once for another deployment", arguments: Implementation.allCases)
    func uses(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let tokens = stores.tokens
            try await tokens.add(token("site"), entry: entry())
            func note(_ seconds: Double, _ id: String?) async throws -> SyncToken? {
                try await tokens.noteUse(
                    hash: hash("site"), time: noon.addingTimeInterval(seconds), deployment: id.map(deployment))
                return try await tokens.syncToken(hash: hash("site"))
            }
            #expect(try await note(0.5, "a")?.lastUsed == noon)
            #expect(try await note(59, "a")?.lastUsed == noon)
            #expect(try await note(59, nil)?.lastUsed == noon)
            #expect(try await note(60, "a")?.lastUsed == noon.addingTimeInterval(60))
            let other = try await note(61, "b")
            #expect(other?.lastUsed == noon.addingTimeInterval(61) && other?.lastDeployment == deployment("b"))
            #expect(try await note(200, nil)?.lastDeployment == deployment("b"))
            try await tokens.noteUse(hash: hash("unknown"), time: noon, deployment: nil)
            #expect(try await stores.catalog.history(limit: 9, before: nil).count == 1)
            #expect(try await stores.catalog.revision().rawValue == 0)
        }
    }
}
