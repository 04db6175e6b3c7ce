import Foundation
import Processes
import ScriptedServer
import TestCertificates
import Testing

@Suite("TLS", .serialized) struct TLSChainTests {
    /// An authority with certificates for a server and for a downstream, in files.
    private struct Certificates {
        let authority: TestAuthority
        let directory: String
        let ca: String

        init(_ here: Surroundings) throws {
            authority = try TestAuthority()
            directory = try here.folder("certificates")
            ca = try authority.write(to: directory)
            try authority.issue("server").write(to: directory, as: "server")
            try authority.issue("site", hosts: [], isLocal: false).write(to: directory, as: "site")
        }

        func path(_ name: String) -> String { "\(directory)/\(name)" }

        var server: [String: String] { ["server.tls.certificate": path("server.pem"), "server.tls.key": path("server.key")] }
        var strict: [String: String] {
            server.merging([
                "server.tls.client-ca": ca, "server.tls.client-certificates": "required-from-downstreams",
                "server.tls.minimum-version": "1.3",
            ]) { $1 }
        }
        var downstream: [String: String] {
            server.merging([
                "patch-sync.ca": ca, "patch-sync.client-certificate": path("site.pem"), "patch-sync.client-key": path("site.key"),
            ]) { $1 }
        }
    }

    @Test("a chain of two servers works over TLS with client certificates, and not without")
    func chain() async throws {
        try await Surroundings.with { here in
            let certificates = try Certificates(here)
            let origin = try await here.server("origin", certificates.strict)
            #expect(origin.url.hasPrefix("https://127.0.0.1:"))
            let above = try await origin.administrator(ca: certificates.ca)
            try await above.importPatches("--versions 100.1 --kernels 1")
            try await above("patch promote 100.1 stable")
            #expect(try await above("status").contains("tls"))
            let token = try await above.token("edge", "site")

            let site = try await here.downstream("site", of: origin.url, token: token, certificates.downstream)
            let below = try await site.administrator(ca: certificates.ca)
            try await below.firstSync()
            #expect(try await below.tiers(of: "100.1").contains("edge"))
            #expect(!site.log.contains("unencrypted") && !site.log.contains("in the clear"))

            // Whoever has the token alone has nothing.
            let arguments = ["list", "--upstream-url", origin.url, "--ca", certificates.ca]
            let secret = ["LIVEPATCH_SYNC_TOKEN": token]
            let refused = try await here.run(.sync, arguments, environment: secret)
            #expect(refused.status == 77, "\(refused)")
            #expect(refused.errors.contains("asks downstreams for a TLS client certificate"), "\(refused)")
            let shown = ["--client-certificate", certificates.path("site.pem"), "--client-key", certificates.path("site.key")]
            let good = try await here.run(.sync, arguments + shown, environment: secret)
            #expect(good.status == 0 && good.output.contains("100.1"), "\(good)")

            let stranger = try TestAuthority("Strangers").issue("site").write(to: certificates.directory, as: "stranger")
            let wrong = try await here.run(
                .sync, arguments + ["--client-certificate", stranger.certificate, "--client-key", stranger.key],
                environment: secret)
            #expect(wrong.status == 69, "\(wrong)")
            #expect(wrong.errors.contains("does not trust who issued it"), "\(wrong)")
            let unknown = try await here.run(
                .sync, ["list", "--upstream-url", origin.url] + shown, environment: secret)
            #expect(
                unknown.errors.contains("issued by an authority that is not trusted (CN=Livepatch test authority)"), "\(unknown)")
            #expect(origin.log.contains("synctoken_authn_failed:no_client_certificate"))
        }
    }

    @Test("a renewed certificate is taken up by SIGHUP, and one that cannot be used is not, but told")
    func renewal() async throws {
        try await Surroundings.with { here in
            let certificates = try Certificates(here)
            let server = try await here.server("data", certificates.server)
            let administrator = try await server.administrator(ca: certificates.ca)
            let other = try TestAuthority("A new authority")
            let otherCA = try other.write(to: certificates.directory, as: "other-ca")

            try certificates.authority.issue("server", from: -7200, until: -3600).write(to: certificates.directory, as: "server")
            server.process.signal(SIGHUP)
            try await eventually("the mistake is told\n\(server.log)") {
                server.log.contains("The TLS certificate was not renewed, and the one in force stays")
                    && server.log.contains("expired at")
            }
            let status = try await administrator.run(["status"])
            #expect(status.status == 69 && status.output.contains("not renewed"), "\(status)")

            try other.issue("server").write(to: certificates.directory, as: "server")
            server.process.signal(SIGHUP)
            try await eventually("the new one is served\n\(server.log)") {
                try await administrator.run(["status"], environment: ["LIVEPATCH_CA_CRT": otherCA]).status == 0
            }
            let stale = try await administrator.run(["status"])
            #expect(stale.status == 69 && stale.errors.contains("CN=A new authority"), "\(stale)")
        }
    }

    @Test("files that cannot be used are one sentence, at the start and with --check-config")
    func mistakes() async throws {
        try await Surroundings.with { here in
            let certificates = try Certificates(here)
            try certificates.authority.issue("old", from: -7200, until: -3600).write(to: certificates.directory, as: "old")
            let cases = [
                ("server.pem", "site.key", "does not fit the first certificate"), ("server.pem", "none.key", "cannot be read"),
                ("old.pem", "old.key", "expired at"),
            ]
            for (certificate, key, words) in cases {
                let settings = [
                    "server.tls.certificate": certificates.path(certificate), "server.tls.key": certificates.path(key),
                ]
                for more in [[], ["--check-config"]] {
                    let ended = try await here.run(
                        .server, here.serverArguments("data", settings) + more, environment: here.serverEnvironment())
                    #expect(ended.status == 78, "\(ended)")
                    #expect(ended.errors.contains(words), "\(ended)")
                    // A check also says what is well.
                    let wrong = ended.errors.split(separator: "\n").filter { more.isEmpty || !$0.hasPrefix("ok: ") }
                    #expect(wrong.count == 1, "\(ended)")
                }
                #expect(!FileManager.default.fileExists(atPath: here.path("data")), "nothing was made")
            }
        }
    }

    @Test("addresses of their own answer what is theirs, and the line that says so names them")
    func addresses() async throws {
        try await Surroundings.with { here in
            let certificates = try Certificates(here)
            let server = try await here.server(
                "data",
                certificates.server.merging([
                    "server.sync-address": "127.0.0.1:0", "server.admin-address": "localhost:0",
                ]) { $1 })
            let match = try #require(
                server.log.firstMatch(
                    of:
                        /ready on (\S+), (https:\/\/127\.0\.0\.1:\d+) for downstreams, (https:\/\/localhost:\d+) for administrators \(/
                ))
            let (common, sync, admin) = (String(match.1), String(match.2), String(match.3))
            let environment = ["LIVEPATCH_CA_CRT": certificates.ca]
            let credentials = "\(RunningServer.administrator.user):\(RunningServer.administrator.password)"
            let login = ["login", "--auth", credentials, "--url"]
            #expect(try await here.run(.admin, login + [admin], environment: environment).status == 0)
            for url in [common, sync] {
                let lost = try await here.run(.admin, login + [url], environment: environment)
                #expect(lost.status == 66 && lost.errors.contains("nothing at this path"), "\(lost)")
            }
            func list(_ url: String, _ token: String) async throws -> FinishedCommand {
                try await here.run(
                    .sync, ["list", "--upstream-url", url, "--ca", certificates.ca],
                    environment: ["LIVEPATCH_SYNC_TOKEN": token])
            }
            let added = try await here.run(
                .admin, ["sync-tokens", "add", "edge", "site", "--url", admin], environment: environment)
            let token = String(try #require(added.output.firstMatch(of: /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/)).0)
            // There is no patch yet, which it says; elsewhere there is nothing that could say so.
            let told = try await list(sync, token)
            #expect(told.errors.contains("offers no patch"), "\(told)")
            for url in [common, admin] {
                let lost = try await list(url, token)
                #expect(lost.status != 0 && !lost.errors.contains("offers no patch"), "\(lost)")
            }
            try await server.stop()
        }
    }

    @Test("an administrator goes through a proxy that asks for a password, and around it where that is said")
    func proxy() async throws {
        try await Surroundings.with { here in
            let certificates = try Certificates(here)
            let server = try await here.server("data", certificates.server)
            let target = "127.0.0.1:\(server.port)"
            let proxy = try await ScriptedProxy.start(authorization: "Basic dXNlcjpodW50ZXIy", routes: [target: server.port])
            let administrator = try await server.administrator(ca: certificates.ca)
            #expect(proxy.targets.isEmpty)
            try await administrator(["status", "--proxy", "http://user:hunter2@127.0.0.1:\(proxy.port)"])
            #expect(proxy.targets == [target])
            let variable = ["HTTPS_PROXY": "http://user:wrong-password@127.0.0.1:\(proxy.port)"]
            let refused = try await administrator.run(["status"], environment: variable)
            #expect(refused.status == 69, "\(refused)")
            #expect(refused.errors.contains("the proxy 127.0.0.1:\(proxy.port) asks for a user and a password"), "\(refused)")
            #expect(!refused.description.contains("wrong-password"), "\(refused)")
            #expect(proxy.targets.count == 2)
            try await administrator("status", environment: variable.merging(["NO_PROXY": "10.0.0.0/8,127.0.0.0/8"]) { $1 })
            try await administrator("status --proxy none", environment: variable)
            #expect(proxy.targets.count == 2)
            await proxy.stop()
        }
    }
}
