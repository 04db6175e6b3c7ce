import Foundation
import LivepatchKit
import Processes
import Testing

/// What Documentation/monitoring holds.
private enum Monitoring {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Documentation/monitoring").path
    static let prometheus = "/usr/bin/prometheus"
    static let promtool = "/usr/bin/promtool"

    static var isInstalled: Bool {
        [prometheus, promtool].allSatisfy { FileManager.default.isExecutableFile(atPath: $0) }
    }

    static func text(_ name: String) throws -> String { try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8) }

    /// The queries of all panels, with what Grafana puts in their variables.
    static func queries() throws -> [(panel: String, expression: String)] {
        try ["livepatch-server", "livepatch-fleet"].flatMap { name in
            let dashboard = try JSONSerialization.jsonObject(with: Data(try text("dashboards/\(name).json").utf8))
            let panels = try #require((dashboard as? [String: Any])?["panels"] as? [[String: Any]])
            return panels.flatMap { panel in
                (panel["targets"] as? [[String: Any]] ?? []).compactMap { target in
                    (target["expr"] as? String).map {
                        (
                            "\(name): \(panel["title"] ?? "")",
                            $0.replacing("$instance", with: ".*").replacing("$__rate_interval", with: "10s")
                        )
                    }
                }
            }
        }
    }

    /// The metrics that a text speaks of, without what a histogram's series add to its name.
    static func names(in text: String) -> Set<String> {
        Set(
            text.matches(of: /\b(livepatch_(?:server|client|patch|metadata|trusted|certificate)_[a-z_]+|process_[a-z_]+)\b/).map {
                match in
                String(match.1).replacing(/_(bucket|sum)$/, with: "").replacing(/_seconds_count$/, with: "_seconds")
            })
    }

    /// The metrics that the documentation's table has, with their kinds.
    static func documented() throws -> [String: String] {
        Dictionary(
            try text("README.md").matches(of: /(?m)^\| `([a-z_]+)` \| (counter|gauge|histogram) \|/).map {
                (String($0.1), String($0.2))
            }
        ) { first, _ in first }
    }
}

/// A Prometheus that reads some servers twice a second.
private struct RunningPrometheus {
    let port: Int

    init(_ here: Surroundings, reading servers: [RunningServer]) async throws {
        let targets = servers.map { "'127.0.0.1:\($0.port)'" }.joined(separator: ", ")
        // An alert that waits for minutes is made to wait for a moment; its expression is as it is.
        let rules = try Monitoring.text("livepatch.rules.yaml").replacing(/(?m)^( +for: ).*$/) { "\($0.1)1s" }
        let path = try here.file("livepatch.rules.yaml", rules)
        let configuration = try here.file(
            "prometheus.yml",
            """
            global: {scrape_interval: 500ms, evaluation_interval: 500ms}
            rule_files: ['\(path)']
            scrape_configs:
              - job_name: livepatch
                static_configs: [{targets: [\(targets)]}]
            """)
        let process = try here.start(
            path: Monitoring.prometheus,
            [
                "--config.file=\(configuration)", "--storage.tsdb.path=\(here.path("prometheus"))",
                "--web.listen-address=127.0.0.1:0", "--log.level=info",
            ])
        // It does not say which port the system chose; the system does.
        var found: Int?
        try await eventually("Prometheus is ready; it said:\n\(process.errors.text)") {
            if let ending = process.ending { throw PrometheusFailed(description: "\(ending)\n\(process.errors.text)") }
            found = Self.listeningPort(of: process.processID)
            guard let found else { return false }
            return (try? await ask(found, "GET", "/-/ready").status) == 200
        }
        port = try #require(found)
    }

    /// The port that a process listens on, by its sockets (proc(5)).
    private static func listeningPort(of process: pid_t) -> Int? {
        let folder = "/proc/\(process)/fd"
        let sockets = Set(
            ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).compactMap { name in
                (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(name)")).flatMap {
                    $0.firstMatch(of: /socket:\[([0-9]+)\]/).map { String($0.1) }
                }
            })
        for line in ((try? String(contentsOfFile: "/proc/net/tcp", encoding: .utf8)) ?? "").split(separator: "\n").dropFirst() {
            let fields = line.split(separator: " ")
            guard fields.count > 9, fields[3] == "0A", sockets.contains(String(fields[9])) else { continue }
            return fields[1].split(separator: ":").last.flatMap { Int($0, radix: 16) }
        }
        return nil
    }

    /// The `data` of an answer of its API.
    func data(_ path: String) async throws -> Any {
        let answer = try await ask(port, "GET", "/api/v1/\(path)")
        guard let body = try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any],
            body["status"] as? String == "success", let data = body["data"]
        else { throw PrometheusFailed(description: "\(path): \(answer.status) \(answer.text)") }
        return data
    }

    /// What a query finds now.
    func results(of expression: String) async throws -> [Any] {
        var allowed = CharacterSet.alphanumerics
        allowed.insert(charactersIn: "-._~")
        let query = try #require(expression.addingPercentEncoding(withAllowedCharacters: allowed))
        return (try await data("query?query=\(query)") as? [String: Any])?["result"] as? [Any] ?? []
    }

    /// The names of all metrics that it has seen.
    func names() async throws -> Set<String> { Set(try await data("label/__name__/values") as? [String] ?? []) }

    /// The names of the alerts that fire, each with the server that it is about.
    func firing() async throws -> Set<[String]> {
        let alerts = (try await data("alerts") as? [String: Any])?["alerts"] as? [[String: Any]] ?? []
        return Set(
            alerts.filter { $0["state"] as? String == "firing" }.compactMap { alert in
                (alert["labels"] as? [String: String]).map { [$0["alertname"] ?? "", $0["instance"] ?? ""] }
            })
    }
}

private struct PrometheusFailed: Error, CustomStringConvertible {
    let description: String
}

@Suite("Monitoring", .serialized) struct MonitoringTests {
    @Test("has a table of exactly the metrics that a server tells, each with its kind")
    func table() async throws {
        try await Surroundings.with { here in
            let (origin, site) = try await scene(here)
            let documented = try Monitoring.documented()
            #expect(documented.count > 40)
            var told: [String: String] = [:]
            try await eventually("all metrics are told; missing: \(Set(documented.keys).subtracting(told.keys).sorted())") {
                for server in [origin, site] {
                    let text = try await ask(server.port, "GET", "/metrics").text
                    for match in text.matches(of: /(?m)^# TYPE ([a-z_]+) ([a-z]+)$/) { told[String(match.1)] = String(match.2) }
                }
                // The one is told only once there is too much, the other only of a server that has a certificate.
                return Set(documented.keys).subtracting(told.keys)
                    == ["livepatch_server_metrics_overflow_total", "livepatch_certificate_expiry_timestamp_seconds"]
            }
            for (name, kind) in told { #expect(documented[name] == kind, "\(name)") }
        }
    }

    @Test(
        "has rules that promtool takes, and that do what they say",
        .enabled(if: Monitoring.isInstalled, "Prometheus is not installed: Scripts/setup.sh monitoring"))
    func rules() async throws {
        try await Surroundings.with { here in
            for arguments in [["check", "rules", "livepatch.rules.yaml"], ["test", "rules", "livepatch.rules.test.yaml"]] {
                let process = try here.start(
                    path: Monitoring.promtool, Array(arguments.dropLast()) + ["\(Monitoring.folder)/\(arguments[2])"])
                #expect(try await process.end() == .exited(0), "\(process.output.text)\(process.errors.text)")
            }
            let alerts = try Monitoring.text("livepatch.rules.yaml").matches(of: /(?m)- alert: (\w+)$/).map { String($0.1) }
            let manual = try Monitoring.text("README.md")
            let known = Set(try Monitoring.documented().keys)
            for expression in try Monitoring.text("livepatch.rules.yaml").matches(of: /(?m)^ +expr: (?:\|\n(?: {10,}.*\n)+|.*)/) {
                #expect(Monitoring.names(in: String(expression.0)).isSubset(of: known), "\(expression.0)")
            }
            let tests = try Monitoring.text("livepatch.rules.test.yaml")
            #expect(alerts.count > 10)
            for alert in alerts {
                #expect(manual.contains("| `\(alert)` |"), "the manual tells what to do")
                // Tested to fire, not only to be silent.
                let firing = try Regex("alertname: \(alert)\n +exp_alerts:\n")
                #expect(tests.contains(firing), "\(alert)")
            }
        }
    }

    @Test(
        "works with a real Prometheus: every metric of rules and dashboards is there, every query runs, and a sync that fails is told",
        .enabled(if: Monitoring.isInstalled, "Prometheus is not installed: Scripts/setup.sh monitoring"))
    func prometheus() async throws {
        try await Surroundings.with { here in
            let (origin, site) = try await scene(here)
            let prometheus = try await RunningPrometheus(here, reading: [origin, site])
            let queries = try Monitoring.queries()
            let used = Monitoring.names(
                in: queries.map(\.expression).joined(separator: "\n")
                    + (try Monitoring.text("livepatch.rules.yaml").matches(of: /(?m)^ +expr: (?:\|\n(?: {10,}.*\n)+|.*)/)
                        .map { String($0.0) }.joined(separator: "\n")))
            #expect(used.count > 40)
            var missing: Set<String> = used
            try await eventually("Prometheus knows all metrics; missing: \(missing.sorted())") {
                let known = Set(try await prometheus.names().map { Monitoring.names(in: $0).first ?? $0 })
                // Of servers that have a certificate, which these have not.
                missing = used.subtracting(known).subtracting([
                    "livepatch_server_metrics_overflow_total", "livepatch_certificate_expiry_timestamp_seconds",
                ])
                return missing.isEmpty
            }
            for (panel, expression) in queries {
                do {
                    _ = try await prometheus.results(of: expression)
                } catch {
                    Issue.record("\(panel): \(expression): \(error)")
                }
            }
            // What any server has at any time.
            for name in ["livepatch_server_machines", "livepatch_server_sync_lag_seconds", "process_cpu_seconds_total"] {
                #expect(try await !prometheus.results(of: name).isEmpty, "\(name)")
            }
            let quiet = try await prometheus.firing().map { $0[0] }
            #expect(!quiet.contains("LivepatchSyncFailing") && !quiet.contains("LivepatchServerDown"))

            try await origin.stop()
            let administrator = try await site.administrator()
            _ = try await administrator.run(["sync", "trigger"])
            try await eventually("the sync that fails is told, and the server that is down") {
                let firing = try await prometheus.firing()
                return firing.contains(["LivepatchSyncFailing", "127.0.0.1:\(site.port)"])
                    && firing.contains(["LivepatchServerDown", "127.0.0.1:\(origin.port)"])
            }
        }
    }

    /// An origin with patches and a machine that has told of one, and a downstream that has synced from it.
    private func scene(_ here: Surroundings) async throws -> (origin: RunningServer, site: RunningServer) {
        let origin = try await here.server("origin")
        let administrator = try await origin.administrator()
        try await administrator.importPatches("--versions 100.1 --kernels 1")
        let token = try await administrator("sync-tokens add edge site --valid-until 30d --quiet")
            .trimmingCharacters(in: .whitespacesAndNewlines)
        let secret = try await administrator("auth-token web edge --quiet").trimmingCharacters(in: .whitespacesAndNewlines)
        let name = try PatchFileName(parsing: try #require(try await names(administrator, "100.1").first))
        let kernel = MachineKernel(version: name.kernel, flavour: name.flavour, architecture: name.architecture)
        let registered = try await ask(origin.port, "POST", "/v1/client/m/register", ["Authorization": "Bearer \(secret)"])
        let body = try JSONSerialization.jsonObject(with: Data(registered.body)) as? [String: Any]
        let machine = try #require(body?["machineToken"] as? String)
        func say(_ what: String, _ said: some Encodable) async throws {
            let answer = try await ask(
                origin.port, "POST", "/v1/client/m/\(what)", ["Authorization": "Bearer \(machine)"],
                body: String(decoding: DocumentCoding.encode(said), as: UTF8.self))
            #expect((200...299).contains(answer.status), "\(answer.text)")
        }
        try await say("updates", MachineReport(kernel: kernel, patchState: .applied, patchVersion: name.version))
        try await say(
            "pings",
            MachinePing(.before, patchVersion: name.version, kernel: kernel, patchState: .applied))
        let site = try await here.downstream("site", of: origin.url, token: token)
        let below = try await site.administrator()
        try await below.firstSync()
        return (origin, site)
    }
}
