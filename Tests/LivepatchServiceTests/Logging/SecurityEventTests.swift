import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LivepatchAPI
import LivepatchKit
import NIOCore
import Testing

@testable import LivepatchService

/// Every event that the security log promises, made to happen. Starts, stops, signals and crashes are those of a process:
/// `EndToEndTests`.
@Suite struct `Events of the security log` {
    private struct OneToken: IdentityProvider {
        func identify(_ bearer: String) async -> IdentityDecision {
            bearer == "a.b.c"
                ? .accepted(user: "ci@example.com", role: .read, expires: Date(timeIntervalSince1970: 1_760_000_000))
                : .refused(.audience, user: "eve@example.com")
        }
        func refresh() async {}
        func fault() async -> String? { nil }
    }

    /// The events since a moment, as objects.
    private func events(_ server: ServerUnderTest, after count: Int = 0) throws -> [[String: String]] {
        try server.log.lines.dropFirst(count).filter { $0.contains(#""type":"security""#) }.map {
            try #require(JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: String])
        }
    }

    private func basic(_ text: String) -> HTTPFields { [.authorization: "Basic \(Data(text.utf8).base64EncodedString())"] }

    @Test func `a line says what happened, to whom, where, and how it ended`() async throws {
        let server = try await ServerUnderTest()
        try await server.application.test(.router) { client in
            _ = try await client.send(.get, "\(Paths.syncHead)?token=secret", token: "ffffffff-ffff-4fff-8fff-ffffffffffff")
        }
        let line = try #require(try events(server).first)
        #expect(line["type"] == "security" && line["appid"] == "livepatch-server")
        #expect(line["level"] == "warning" && line["event"] == "synctoken_authn_failed:unknown")
        #expect(line["message"] == "A sync or machine token was refused: unknown." && line["description"] == line["message"])
        #expect(line["method"] == "GET" && line["path"] == Paths.syncHead)
        #expect(line["time"]?.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/) != nil)
        #expect(!"\(line)".contains("ffffffff") && !"\(line)".contains("secret"))
    }

    @Test func `every kind of credential is told when it is accepted and when it is refused`() async throws {
        var prepared = try await ServerUnderTest()
        prepared.parts.identity = OneToken()
        prepared.parts.metrics = MetricsExposition(token: "metrics-token") { "a 1\n" }
        let server = prepared
        let sync = try await server.secret("edge")
        let auth = try await server.authToken("edge", id: "web", machineLimit: 2)
        let machine = try await server.machine("m-1", in: "edge")
        let session = try await server.session()
        let wrong = "ffffffff-ffff-4fff-8fff-ffffffffffff"
        let id = try MachineID(parsing: "m-1")
        let other = try MachineID(parsing: "m-2")
        let expected: [(String, HTTPRequest.Method, String, String?, HTTPFields)] = [
            ("synctoken_authn_ok", .get, Paths.syncHead, sync, [:]),
            ("synctoken_authn_failed:unknown", .get, Paths.syncHead, wrong, [:]),
            ("synctoken_authn_failed:missing", .get, Paths.syncHead, nil, [:]),
            ("machinetoken_authn_ok", .get, Paths.machineInfo(id), machine, [:]),
            ("machinetoken_authn_failed:unknown", .get, Paths.machineInfo(id), wrong, [:]),
            ("machinetoken_authn_failed:mismatch", .get, Paths.machineInfo(other), machine, [:]),
            ("authtoken_authn_ok", .post, Paths.machineRegister(id), auth, [:]),
            ("machinetoken_created", .post, Paths.machineRegister(other), auth, [:]),
            ("authtoken_authn_failed:unknown", .post, Paths.machineRegister(id), wrong, [:]),
            ("authtoken_authn_failed:machine_limit", .post, Paths.machineRegister(try MachineID(parsing: "m-3")), auth, [:]),
            ("machinetoken_ended", .delete, Paths.machine(id), machine, [:]),
            ("basicauth_authn_ok", .post, Paths.login, nil, basic("alice:correct horse")),
            ("basicauth_authn_failed:wrong_credentials", .post, Paths.login, nil, basic("alice:wrong")),
            ("basicauth_authn_failed:no_credentials", .post, Paths.login, nil, [:]),
            ("session_authn_failed:missing", .get, Paths.tiers, nil, [:]),
            ("session_authn_failed:unknown_or_ended", .get, Paths.tiers, wrong, [:]),
            ("jwt_authn_ok", .get, Paths.tiers, "a.b.c", [:]),
            ("jwt_authn_failed:audience", .get, Paths.tiers, "d.e.f", [:]),
            ("authz_fail:role_admin", .get, "", nil, [:]),
            ("metricstoken_authn_ok", .get, Paths.metrics, "metrics-token", [:]),
            ("metricstoken_authn_failed:unknown", .get, Paths.metrics, wrong, [:]),
            ("metricstoken_authn_failed:missing", .get, Paths.metrics, nil, [:]),
            ("session_ended", .post, Paths.logout, session, [:]),
        ]
        try await server.application.test(.router) { client in
            for (event, method, path, token, headers) in expected {
                let before = server.log.lines.count
                if path.isEmpty {
                    // A role that does not suffice.
                    _ = try await client.send(.post, Paths.syncTokens, token: try await server.session(.read))
                } else {
                    _ = try await client.send(method, path, token: token, headers: headers)
                }
                let all = try events(server, after: before)
                let told = all.filter { $0["event"] == event }
                #expect(told.count == 1, "\(event): \(all)")
                #expect(told.first?["path"]?.isEmpty == false && told.first?["method"]?.isEmpty == false, "\(event)")
            }
        }
        for secret in [sync, auth, machine, session, "a.b.c", "d.e.f", "metrics-token", "correct horse", wrong] {
            #expect(!server.log.lines.contains { $0.contains(secret) })
        }
    }

    @Test func `guessing a password is told when it begins to be refused`() async throws {
        let server = try await ServerUnderTest()
        try await server.application.test(.router) { client in
            for _ in 0..<20 { _ = try await client.send(.post, Paths.login, headers: basic("alice:wrong")) }
        }
        let names = Set(try events(server).compactMap { $0["event"] })
        #expect(names.isSuperset(of: ["basicauth_locked", "basicauth_authn_failed:locked"]), "\(names)")
    }

    @Test func `passwords where none are accepted`() async throws {
        var server = try await ServerUnderTest()
        server.options.acceptsPasswords = false
        try await server.application.test(.router) { _ = try await $0.send(.post, Paths.login, headers: basic("a:b")) }
        #expect(try events(server).map { $0["event"] } == ["basicauth_authn_failed:disabled"])
    }

    @Test func `the life of a token, with who did what`() async throws {
        let server = try await ServerUnderTest()
        let session = try await server.session()
        let tier = Shorthand.edge
        try await server.application.test(.router) { client in
            _ = try await client.post(
                Paths.syncTokens, SyncTokenRequestBody(tier: tier, name: "site", validUntil: nil), token: session)
            _ = try await client.post(Paths.syncTokenRotate("site"), SyncTokenRotateBody(overlapSeconds: 60), token: session)
            _ = try await client.send(.delete, Paths.syncToken("site"), token: session)
            _ = try await client.post(Paths.authToken, AuthTokenRequestBody(id: "web", tier: tier), token: session)
            _ = try await client.post(Paths.authTokenMove("web"), AuthTokenMoveBody(tier: Shorthand.stable), token: session)
            _ = try await client.send(.delete, Paths.authToken("web"), token: session)
        }
        let told = try events(server)
        let life = told.filter { $0["event"]?.hasPrefix("synctoken_") == true || $0["event"]?.hasPrefix("authtoken_") == true }
        #expect(
            life.map { $0["event"] } == [
                "synctoken_created", "synctoken_rotated", "synctoken_revoked", "authtoken_created", "authtoken_moved",
                "authtoken_revoked",
            ])
        #expect(life.allSatisfy { $0["actor"] == "alice" })
        #expect(life.prefix(3).allSatisfy { $0["description"]?.contains("'site'") == true })
        let commands = told.filter { $0["event"] == "authz_admin" }.compactMap { $0["description"] }
        #expect(
            commands == [
                "sync-tokens add edge site", "sync-tokens rotate site", "sync-tokens revoke site", "auth-token web edge",
                "auth-tokens move web stable", "auth-tokens revoke web",
            ])
    }

    @Test func `every request of an administrator, whatever comes of it, with who and what`() async throws {
        let server = try await ServerUnderTest()
        let table = ServerRoutes.routes(server.parts, server.options).table
        let tried = try await server.application.test(.router) { client in
            var tried = 0
            for route in table {
                guard case .administrators = route.entry else { continue }
                // Logging out ends the session.
                let session = try await server.session()
                let path = route.template.replacing(/\{[a-z-]+\}/, with: "1")
                let before = server.log.lines.count
                _ = try await client.send(route.method, path, token: session)
                let isReading = route.method == .get || route.method == .head
                let told = try events(server, after: before).filter {
                    $0["event"] == (isReading ? "authz_admin_read" : "authz_admin_request")
                }
                #expect(told.count == 1, "\(route)")
                #expect(told.first?["actor"] == "alice" && told.first?["method"] == route.method.rawValue, "\(route)")
                #expect(told.first?["description"]?.contains(route.template) == true, "\(route)")
                tried += 1
            }
            return tried
        }
        #expect(tried > 40)
    }

    @Test func `whoever comes to an address that is not for them`() async throws {
        let server = try await ServerUnderTest()
        let file = try await server.add("livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2", [1, 2, 3], upTo: "edge")
        let secret = try await server.secret("edge")
        let application = Application(
            responder: ServerRoutes.responder(server.parts, server.options, at: Entrance(apis: [.machines])),
            logger: server.log.logger(label: "server"))
        try await application.test(.router) { client in
            let refused = try await client.send(.get, Paths.patchFile(file.name), token: secret)
            #expect(refused.status == .notFound)
        }
        #expect(try events(server).map { $0["event"] }.contains("authz_fail:address"))
    }
}
