import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import Testing

@Suite struct AuthTokenIssuerTests {
    private let server = MachineServer()

    private func actions() async throws -> [String] {
        try await server.catalog.history(limit: 9, before: nil).reversed().map(\.action)
    }

    @Test func `a token is issued with a secret that is kept as a hash, moved and revoked, and the history has the commands`()
        async throws
    {
        let until = server.clock.date.addingTimeInterval(3600.5)
        let (token, secret) = try await server.issuer.add("web", tier: "beta", validUntil: until, machineLimit: 3, by: "alice")
        #expect(TokenSecret.isWellFormed(secret))
        #expect(token.hash == TokenSecret.hash(secret))
        #expect(token.validUntil == server.clock.date.addingTimeInterval(3600))
        #expect(try await server.tokens.authToken(hash: token.hash) == token)
        #expect(try await server.issuer.move("web", to: "stable", by: "alice").tier == "stable")
        #expect(try await server.issuer.revoke("web", by: "alice").revoked == server.clock.date)
        #expect(try await actions() == ["auth-token web beta", "auth-tokens move web stable", "auth-tokens revoke web"])
        await expectError(.notFound, naming: ["'web'"]) { try await server.issuer.revoke("web", by: "alice") }
        await expectError(.notFound, naming: ["'web'"]) { try await server.issuer.move("web", to: "beta", by: "alice") }
    }

    @Test func `an id is free text, which the history has as one word of the command`() async throws {
        for id in ["Serverraum 2 (Köln)", "it's", "a", String(repeating: "x", count: 128)] {
            _ = try await server.issuer.add(id, tier: "edge", by: "alice")
        }
        let actions = try await actions()
        #expect(actions[0] == "auth-token 'Serverraum 2 (Köln)' edge")
        #expect(actions[1] == #"auth-token 'it'\''s' edge"#)
        for id in ["", " a", "a ", "a\nb", "a\u{7}b", "a\u{2028}b", String(repeating: "x", count: 129)] {
            await expectError(.malformedValue) { try await server.issuer.add(id, tier: "edge", by: "alice") }
        }
    }

    @Test func `a token that would attach nothing, or to no tier, or that is there already, is refused`() async throws {
        await expectError(.malformedValue, naming: ["in the past"]) {
            try await server.issuer.add("web", tier: "edge", validUntil: server.clock.date, by: "alice")
        }
        await expectError(.malformedValue, naming: ["limit is 0"]) {
            try await server.issuer.add("web", tier: "edge", machineLimit: 0, by: "alice")
        }
        await expectError(.tierUnknown) { try await server.issuer.add("web", tier: "nowhere", by: "alice") }
        _ = try await server.issuer.add("web", tier: "edge", by: "alice")
        await expectError(.alreadyExists, naming: ["'web'"]) { try await server.issuer.add("web", tier: "beta", by: "alice") }
        await expectError(.tierUnknown) { try await server.issuer.move("web", to: "nowhere", by: "alice") }
    }
}
