import Foundation
import Processes
import ScriptedServer
import SignedTokens
import Testing

@Suite("Administrators' logins", .serialized) struct LoginTests {
    private func basic(_ user: String, _ password: String) -> String {
        "Basic \(Data("\(user):\(password)".utf8).base64EncodedString())"
    }

    /// Somebody who administers with a home of their own.
    private func login(_ user: String, at server: RunningServer, _ here: Surroundings) async throws -> [String: String] {
        let home = ["XDG_CONFIG_HOME": here.path("home-of-\(user)"), "LIVEPATCH_URL": server.url]
        let login = try await here.run(
            .admin, ["login", "-a", user, "--password-stdin"], environment: home, input: RunningServer.administrator.password)
        #expect(login.status == 0, "\(login)")
        return home
    }

    @Test("have roles, which decide what is refused")
    func roles() async throws {
        try await Surroundings.with { here in
            let hash = RunningServer.passwordHash
            let server = try await here.server(
                "data", ["auth.basic.roles": "monitoring=read,deploy=operate"],
                environment: ["LP_AUTH_BASIC_USERS": "admin:\(hash),monitoring:\(hash),deploy:\(hash)"])
            let admin = try await server.administrator()
            try await admin.importPatches("--versions 100.1 --kernels 1")

            let monitoring = try await login("monitoring", at: server, here)
            #expect(try await admin.run(["status"], environment: monitoring).output.contains("as monitoring (role read)"))
            #expect(try await admin.run(["patch", "list", "--quiet"], environment: monitoring).output == "100.1\n")
            let promotion = try await admin.run(["patch", "promote", "100.1", "stable"], environment: monitoring)
            #expect(promotion.status == 77)
            #expect(promotion.errors.contains("'operate'") && promotion.errors.contains("'monitoring' has the role 'read'"))
            #expect(try await admin.offers("stable") == [])

            let deploy = try await login("deploy", at: server, here)
            #expect(try await admin.run(["patch", "promote", "100.1", "stable"], environment: deploy).status == 0)
            for command in [["tier", "add", "late"], ["sync-tokens", "add", "edge", "t"], ["sessions", "list", "--all"]] {
                #expect(try await admin.run(command, environment: deploy).status == 77)
            }
            #expect(server.log.contains("authz_fail:role_admin"))

            let sessions = try await admin("sessions list --all --quiet").split(separator: "\n").map(String.init)
            #expect(sessions.count == 3)
            try await admin("sessions revoke --user monitoring")
            #expect(try await admin.run(["patch", "list"], environment: monitoring).status == 77)
            #expect(try await admin.run(["patch", "list"], environment: deploy).status == 0)
        }
    }

    @Test("are refused after failures, also after a restart, and not from the owner's own address")
    func lockout() async throws {
        try await Surroundings.with { here in
            let settings = ["server.trusted-proxies": "127.0.0.1"]
            func attempt(_ server: RunningServer, _ password: String, from address: String) async throws -> Int {
                try await ask(
                    server.port, "POST", "/v1/admin/login",
                    ["Authorization": basic("admin", password), "X-Forwarded-For": address]
                ).status
            }
            let right = RunningServer.administrator.password
            let first = try await here.server("data", settings)
            for _ in 1...5 { #expect(try await attempt(first, "wrong", from: "203.0.113.9") == 401) }
            #expect(try await attempt(first, right, from: "203.0.113.9") == 429)
            #expect(try await attempt(first, right, from: "198.51.100.1") == 200)
            #expect(first.log.contains("basicauth_locked"))
            try await first.stop()

            let second = try await here.server("data", settings)
            #expect(try await attempt(second, right, from: "203.0.113.9") == 429)
            #expect(try await attempt(second, right, from: "198.51.100.1") == 200)

            // As somebody at a terminal sees it.
            let admin = try await second.administrator()
            for _ in 1...5 { try await admin.refuse("login --auth somebody:x", status: 77, saying: "User or password is wrong.") }
            try await admin.refuse("login --auth somebody:x", status: 75, saying: "Try again in")
        }
    }

    @Test("may be vouched for by an identity provider")
    func bearer() async throws {
        try await Surroundings.with { here in
            let key = TokenKey.elliptic("key-1")
            let document = try TokenKey.set([key.jwk()])
            let provider = try await ScriptedServer.start { .content(document, for: $0) }
            let server = try await here.server(
                "data",
                [
                    "auth.oauth.enabled": "true", "auth.oauth.issuer": "https://accounts.example.com",
                    "auth.oauth.audience": "livepatch", "auth.oauth.sig-algs": "ES256",
                    "auth.oauth.allowed-email-ids": "ci@example.com,root@example.com",
                    "auth.oauth.roles": "ci@example.com=operate",
                    "auth.oauth.jwks.url": "\(provider.url)/keys",
                ])
            let admin = try await server.administrator()
            try await admin.importPatches("--versions 100.1 --kernels 1")
            func token(_ email: String, _ changes: [String: any Sendable] = [:]) throws -> String {
                let claims: [String: any Sendable] = [
                    "iss": "https://accounts.example.com", "aud": "livepatch", "email": email, "email_verified": true,
                    "exp": Date().timeIntervalSince1970 + 600,
                ]
                return try key.token(claims.merging(changes) { $1 })
            }
            let nobody = ["XDG_CONFIG_HOME": here.path("nobody")]
            func bearer(_ token: String) -> [String: String] { nobody.merging(["LIVEPATCH_BEARER": token]) { $1 } }

            let pipeline = bearer(try token("ci@example.com"))
            #expect(
                try await admin.run(["status"], environment: pipeline).output.contains("as ci@example.com (role operate)"))
            #expect(try await admin.run(["patch", "promote", "100.1", "stable"], environment: pipeline).status == 0)
            #expect(try await admin.run(["tier", "add", "late"], environment: pipeline).status == 77)
            let file = here.path("token")
            try Data(try token("root@example.com").utf8).write(to: URL(filePath: file))
            #expect(try await admin.run(["tier", "add", "late", "--bearer-file", file], environment: nobody).status == 0)
            #expect(try await admin("history").contains("root@example.com"))

            let expired = try token("ci@example.com", ["exp": Date().timeIntervalSince1970 - 600])
            for bad in [
                expired, try token("other@example.com"), try TokenKey.elliptic("key-1").token(["email": "root@example.com"]),
            ] {
                let refused = try await admin.run(["tier", "list"], environment: bearer(bad))
                #expect(refused.status == 77)
                #expect(!refused.errors.contains(bad))
            }
            for reason in ["expired", "email_not_allowed", "signature"] {
                #expect(server.log.contains("jwt_authn_failed:\(reason)"))
            }
            #expect(try await admin.run(["tier", "list"], environment: nobody).status == 77)
            #expect(try await admin("status").contains("Service identity-provider"))
            await provider.stop()
        }
    }
}
