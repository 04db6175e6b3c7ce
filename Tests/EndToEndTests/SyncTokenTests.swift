import Foundation
import Processes
import Testing

@Suite("Sync tokens", .serialized) struct SyncTokenTests {
    @Test("are issued, listed, rotated with an overlap and revoked; their secrets are told once")
    func lifecycle() async throws {
        try await Surroundings.with { here in
            let server = try await here.server("origin")
            let administrator = try await server.administrator()
            try await administrator.importPatches("--versions 100.1 --kernels 1")
            let secret = try await administrator.token("edge", "site")
            func head(_ secret: String) async throws -> Int {
                try await ask(server.port, "GET", "/v1/sync/head", ["Authorization": "Bearer \(secret)"]).status
            }
            #expect(try await head(secret) == 200)

            let listed = try #require(
                (try await administrator.json("sync-tokens list") as? [String: Any])?["syncTokens"] as? [[String: Any]])
            #expect(listed.count == 1)
            #expect(listed.first?["name"] as? String == "site" && listed.first?["tier"] as? String == "edge")
            #expect(!(try await administrator("sync-tokens list --format yaml")).contains(secret))

            let rotated = try await administrator("sync-tokens rotate site --overlap 24h --quiet")
                .trimmingCharacters(in: .whitespacesAndNewlines)
            #expect(rotated != secret)
            #expect(try await head(secret) == 200, "within the overlap both work")
            #expect(try await head(rotated) == 200)
            let third = try await administrator("sync-tokens rotate site --overlap 0s --quiet")
                .trimmingCharacters(in: .whitespacesAndNewlines)
            #expect(try await head(rotated) == 401)
            #expect(try await head(third) == 200)

            try await administrator("sync-tokens revoke site")
            #expect(try await head(third) == 401)
            try await administrator.refuse("sync-tokens revoke nobody", status: 66, saying: "nobody")
            try await administrator.refuse("sync-tokens add nowhere other", status: 66, saying: "nowhere")
            try await administrator.refuse("sync-tokens add edge other --valid-until yesterday", status: 64, saying: "yesterday")

            let file = here.path("other.token")
            let printed = try await administrator("sync-tokens add edge other --valid-until 30d --output \(file)")
            let written = try String(contentsOfFile: file, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
            #expect(try await head(written) == 200)
            #expect(!printed.contains(written))
            let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? NSNumber
            #expect(mode?.intValue == 0o600)
            try await administrator.refuse("sync-tokens add edge other", status: 73, saying: "other")
            #expect(!server.log.contains(secret) && !server.log.contains(written), "secrets are not logged")
        }
    }

    @Test("that are expired, revoked, unknown, malformed or missing are refused with the same bytes, and told apart in the log")
    func refusals() async throws {
        try await Surroundings.with { here in
            let server = try await here.server("origin")
            let administrator = try await server.administrator()
            let revoked = try await administrator.token("edge", "revoked")
            try await administrator("sync-tokens revoke revoked")
            let soon = ISO8601DateFormatter().string(from: Date(timeIntervalSinceNow: 2))
            let expiring = try await administrator("sync-tokens add edge expiring --valid-until \(soon) --quiet")
                .trimmingCharacters(in: .whitespacesAndNewlines)
            try await eventually("the token has expired") {
                try await ask(server.port, "GET", "/v1/sync/head", ["Authorization": "Bearer \(expiring)"]).status == 401
            }
            let headers: [[String: String]] = [
                ["Authorization": "Bearer \(revoked)"], ["Authorization": "Bearer \(expiring)"],
                ["Authorization": "Bearer 123e4567-e89b-42d3-a456-426614174000"], ["Authorization": "Bearer what?"], [:],
            ]
            var answers: [RawAnswer] = []
            for header in headers { answers.append(try await ask(server.port, "GET", "/v1/sync/head", header)) }
            #expect(answers.map(\.status) == [401, 401, 401, 401, 401])
            // The id of a trace is another one for each request, whatever is asked.
            let bodies = answers.map { $0.text.replacing(/"trace":"[0-9a-f]{32}"/, with: "TRACE") }
            #expect(Set(bodies).count == 1, "\(bodies)")
            #expect(answers.allSatisfy { $0.header("content-type") == "application/problem+json" })
            #expect(Set(answers.map { $0.header("www-authenticate") }).count == 1)
            for reason in ["revoked", "expired", "unknown", "malformed", "missing"] {
                try await eventually("the operator is told: \(reason)", within: .seconds(5)) {
                    server.log.contains("refused: \(reason)")
                }
            }
        }
    }

    @Test("of a tier show nothing else: what the tier does not hold is answered like what does not exist")
    func tiers() async throws {
        try await Surroundings.with { here in
            let server = try await here.server("origin")
            let administrator = try await server.administrator()
            try await administrator.importPatches("--versions 100.1,101.1 --kernels 1")
            try await administrator("patch promote 100.1 stable")
            let token = ["Authorization": "Bearer \(try await administrator.token("stable", "site"))"]
            let shown = try #require(try await names(administrator, "100.1").first)
            let hidden = try #require(try await names(administrator, "101.1").first)
            #expect(try await ask(server.port, "GET", "/v1/patches/\(shown)", token).status == 200)
            for method in ["GET", "HEAD"] {
                let pairs = [
                    ("/v1/patches/\(hidden)", "/v1/patches/\(hidden.replacingOccurrences(of: "101.1", with: "555.1"))"),
                    ("/v1/sync/versions/101.1", "/v1/sync/versions/555.1"), ("/v1/sync/tiers/edge", "/v1/sync/tiers/nosuchtier"),
                ]
                for (held, absent) in pairs {
                    let first = try await ask(server.port, method, held, token)
                    let second = try await ask(server.port, method, absent, token)
                    #expect(first.status == 404 && second.status == 404, "\(method) \(held)")
                    let name = { (answer: RawAnswer) in
                        answer.text.replacingOccurrences(of: "101.1", with: "V").replacingOccurrences(of: "555.1", with: "V")
                            .replacing(/"trace":"[0-9a-f]{32}"/, with: "TRACE")
                    }
                    #expect(name(first) == name(second))
                    let fields = { (answer: RawAnswer) in Set(answer.headers.map(\.name)) }
                    #expect(fields(first) == fields(second))
                }
            }
            let listing = try await ask(server.port, "GET", "/v1/sync/tiers", token)
            #expect(!listing.text.contains("edge") && !listing.text.contains("101.1"))
            #expect(try await ask(server.port, "GET", "/v1/admin/tiers", token).status == 401, "it administers nothing")
        }
    }

    @Test("are shown with when and by which deployment they were used last")
    func lastUse() async throws {
        try await Surroundings.with { here in
            let origin = try await here.server("origin")
            let administrator = try await origin.administrator()
            try await administrator.importPatches("--versions 100.1 --kernels 1")
            let token = try await administrator.token("edge", "site")
            _ = try await here.downstream("site", of: origin.url, token: token, ["patch-sync.id": "site-seven"])
            try await eventually("the use is shown") {
                try await administrator("sync-tokens list").contains("site-seven")
            }
        }
    }
}
