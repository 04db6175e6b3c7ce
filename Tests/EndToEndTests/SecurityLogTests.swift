import Foundation
import Processes
import Testing

@Suite("The security log", .serialized) struct SecurityLogTests {
    @Test("tells of starts, signals, orderly stops, and of a server that was killed")
    func endings() async throws {
        try await Surroundings.with { here in
            let first = try await here.server("origin")
            #expect(!first.log.contains("sys_crash"))
            #expect(try await first.stop() == .exited(0))
            for event in ["sys_startup", "sys_signal:SIGTERM", "sys_shutdown"] { #expect(first.log.contains(event), "\(event)") }

            let second = try await here.server("origin")
            #expect(!second.log.contains("sys_crash"), "the first ended by itself")
            try await second.process.kill9()
            let third = try await here.server("origin")
            try await eventually("the crash is told") { third.log.contains("sys_crash") }
        }
    }

    @Test("and the logs of three servers carry one trace through an update that a script brings down the chain")
    func traces() async throws {
        let id = "4bf92f3577b34da6a3ce929d0e0e4736"
        try await Surroundings.with { here in
            let talkative = ["server.log-level": "debug", "server.log-format": "json"]
            let origin = try await here.server("origin", talkative)
            let above = try await origin.administrator()
            try await above.importPatches("--versions 100.1 --kernels 1")
            let regional = try await here.downstream(
                "regional", of: origin.url, token: above.token("edge", "regional"), talkative)
            let middle = try await regional.administrator()
            try await middle.firstSync()
            let site = try await here.downstream("site", of: regional.url, token: middle.token("edge", "site"), talkative)
            let below = try await site.administrator()
            try await below.firstSync()
            try await above.importPatches("--versions 101.1 --kernels 1")
            for log in [origin.log, regional.log, site.log] { #expect(!log.contains(id)) }

            let script = ["TRACEPARENT": "00-\(id)-00f067aa0ba902b7-01"]
            for administrator in [middle, below] { try await administrator("sync trigger --wait", environment: script) }
            #expect(try await below("patch list --quiet").contains("101.1"))

            func lines(_ server: RunningServer) -> [Substring] {
                server.log.split(separator: "\n").filter { $0.contains("\"trace_id\":\"\(id)\"") }
            }
            // Whoever is asked answers within the trace: the origin the regional server, that one the site, and each its administrator.
            for (server, paths) in [
                (origin, ["/v1/sync/head"]), (regional, ["/v1/sync/head", "/v1/admin/sync"]), (site, ["/v1/admin/sync"]),
            ] {
                for path in paths {
                    try await eventually("\(path) is told with the trace by\n\(server.log)") {
                        lines(server).contains { $0.contains("Answered a request.") && $0.contains("\"\(path)\"") }
                    }
                }
            }
            for server in [regional, site] {
                #expect(lines(server).contains { $0.contains("authz_admin\"") && $0.contains("sync trigger") })
                #expect(lines(server).contains { $0.contains("GET http://127.0.0.1") }, "what it asked itself:\n\(server.log)")
            }
            // Each has a part of its own.
            let spans = [origin, regional, site].map { server in
                Set(lines(server).compactMap { $0.firstMatch(of: /"span_id":"([0-9a-f]{16})"/).map { String($0.1) } })
            }
            #expect(spans.allSatisfy { !$0.isEmpty } && spans[0].isDisjoint(with: spans[2]))
        }
    }

    @Test("and a scheduled sync's trace is found at the server that it asked")
    func scheduled() async throws {
        try await Surroundings.with { here in
            let origin = try await here.server("origin", ["server.log-level": "debug"])
            let administrator = try await origin.administrator()
            try await administrator.importPatches("--versions 100.1 --kernels 1")
            let token = try await administrator.token("edge", "site")
            let site = try await here.downstream("site", of: origin.url, token: token, ["server.log-format": "json"])
            var trace: String?
            try await eventually("the sync is told with its trace; the log:\n\(site.log)") {
                trace = site.log.split(separator: "\n").first { $0.contains("\"message\":\"Synced.\"") }?
                    .firstMatch(of: /"trace_id":"([0-9a-f]{32})"/).map { String($0.1) }
                return trace != nil
            }
            let found = try #require(trace)
            try await eventually("the origin has the same trace; its log:\n\(origin.log)") {
                let lines = origin.log.split(separator: "\n").filter { $0.contains(found) }
                return lines.contains { $0.contains("synctoken_authn_ok") }
                    && lines.contains { $0.contains("Answered a request.") }
            }
        }
    }
}
