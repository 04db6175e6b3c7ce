import Foundation
import Processes
import Testing

@Suite("Secrets of a whole chain", .serialized) struct SecretLeakTests {
    private static let metricsToken = "metrics-s3cret/of+mine"
    private static let proxyPassword = "pr0xy%2Fs3cret-0815"

    /// What a command prints in the place of a token.
    private func token(in text: String) throws -> String {
        String(try #require(text.firstMatch(of: /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/)).0)
    }

    /// Everything that must not be in any log, by what it is.
    private func forms(of secret: String) -> [String] {
        let decoded = secret.removingPercentEncoding ?? secret
        return [secret, decoded, Data(decoded.utf8).base64EncodedString()]
    }

    @Test("are in no line that any program writes at its most talkative", arguments: ["text", "json"])
    func leaks(form: String) async throws {
        try await Surroundings.with { here in
            var secrets = [
                RunningServer.administrator.password, RunningServer.passwordHash, Self.metricsToken, Self.proxyPassword,
            ]
            let talkative = ["server.log-level": "trace", "server.log-format": form, "server.metrics.token": Self.metricsToken]
            let origin = try await here.server("origin", talkative)
            let above = try await origin.administrator()
            try await above.importPatches("--versions 100.1 --kernels 1")
            let sync = try await above.token("edge", "site")
            let auth = try token(in: try await above("auth-token web edge --quiet"))
            secrets += [sync, auth]
            let webhook = try await above("webhooks add http://127.0.0.1:9/hook --event *")
            secrets.append(String(try #require(webhook.firstMatch(of: /whsec_[A-Za-z0-9+\/=]+/)).0))

            let proxy = [
                "patch-sync.proxy.enabled": "true", "patch-sync.proxy.no-proxy": "127.0.0.1",
                "patch-sync.proxy.http": "http://carol:\(Self.proxyPassword)@127.0.0.1:9",
            ]
            let site = try await here.downstream("site", of: origin.url, token: sync, talkative.merging(proxy) { $1 })
            let below = try await site.administrator()
            try await below.firstSync()

            // A machine, and whoever sends what is wrong, or to the wrong place.
            let machine = try await ask(origin.port, "POST", "/v1/client/m-1/register", ["Authorization": "Bearer \(auth)"])
            let machineToken = try token(in: machine.text.replacing(/.*"machineToken":/, with: ""))
            secrets.append(machineToken)
            let wrong = "0badc0de-0000-4000-8000-00000badc0de"
            secrets += [wrong, "guessed-pass-word"]
            let guess = Data("admin:guessed-pass-word".utf8).base64EncodedString()
            secrets.append(guess)
            for header in [
                "Bearer \(wrong)", "Bearer \(machineToken)", "Bearer \(sync)", "Basic \(guess)", "Bearer \(Self.metricsToken)",
            ] {
                for path in [
                    "/v1/sync/head", "/v1/client/m-1/info", "/v1/admin/tiers", "/metrics", "/nowhere", "/v1/admin/sync-tokens",
                ] {
                    for method in ["GET", "POST"] { _ = try await ask(origin.port, method, path, ["Authorization": header]) }
                }
                _ = try await ask(origin.port, "POST", "/v1/admin/login", ["Authorization": header])
                _ = try await ask(origin.port, "GET", "/v1/sync/head?token=\(wrong)&auth=\(sync)", ["Authorization": header])
            }

            // The other programs, well and ill.
            var said = ""
            for token in [sync, wrong] {
                let list = try await here.run(
                    .sync, ["list", "--upstream-url", origin.url, "--verbose"], environment: ["LIVEPATCH_SYNC_TOKEN": token])
                said += list.output + list.errors
                let run = try await here.run(
                    .sync,
                    ["run", "--data-dir", here.path("alone"), "--verbose", "--set", "patch-sync.upstream-url=\(origin.url)"],
                    environment: ["LP_PATCH_SYNC_TOKEN": token])
                said += run.output + run.errors
            }
            let login = try await above.run(["login", "--auth", "admin:guessed-pass-word"])
            said += login.output + login.errors
            site.process.signal(SIGHUP)
            try await eventually("it has read its configuration again") { site.log.contains("Took up the log level") }
            // A server's keys, as its directory has them.
            let keys = try FileManager.default.contentsOfDirectory(atPath: "\(origin.dataDirectory)/keys").filter {
                $0.hasSuffix(".key")
            }
            #expect(keys.count >= 3, "\(keys)")
            for key in keys {
                let text = try String(contentsOfFile: "\(origin.dataDirectory)/keys/\(key)", encoding: .utf8)
                secrets.append(text.trimmingCharacters(in: .newlines))
            }
            let (originEnd, siteEnd) = (try await origin.stop(), try await site.stop())
            #expect(originEnd == .exited(0) && siteEnd == .exited(0))

            let logs = ["origin": origin.log, "site": site.log, "livepatch-sync and livepatch-admin": said]
            #expect(origin.log.contains("synctoken_authn_ok") && origin.log.contains("Answered a request."), "it talks")
            #expect(said.contains("100.1"))
            for secret in secrets {
                for form in forms(of: secret) {
                    for (name, log) in logs where log.contains(form) {
                        let line = log.split(separator: "\n").first { $0.contains(form) } ?? ""
                        Issue.record("\(form) is in what \(name) wrote: \(line)")
                    }
                }
            }
        }
    }
}
