import Foundation
import LivepatchKit
import Processes
import Testing

/// A machine that registers, and says what became of a patch.
func machine(
    _ id: String, at server: RunningServer, _ authToken: String, _ report: MachineReport
) async throws {
    let registered = try await ask(
        server.port, "POST", "/v1/client/\(id)/register", ["Authorization": "Bearer \(authToken)"])
    let body = try JSONSerialization.jsonObject(with: Data(registered.body)) as? [String: Any]
    let token = try #require(body?["machineToken"] as? String, "\(registered.status) \(registered.text)")
    let answer = try await ask(
        server.port, "POST", "/v1/client/\(id)/updates", ["Authorization": "Bearer \(token)"],
        body: String(decoding: DocumentCoding.encode(report), as: UTF8.self))
    #expect(answer.status == 200, "\(answer.text)")
}

extension Administrator {
    fileprivate func dictionary(_ line: String) async throws -> [String: Any] {
        try #require(try await json(line) as? [String: Any])
    }
}

@Suite("The fleet of three servers", .serialized) struct FleetReportTests {
    private func reports(_ administrator: Administrator) async throws -> (good: MachineReport, failed: MachineReport) {
        let name = try PatchFileName(parsing: try #require(try await names(administrator, "100.1").first))
        let kernel = MachineKernel(version: name.kernel, flavour: name.flavour, architecture: name.architecture)
        let good = MachineReport(kernel: kernel, patchState: .applied, patchVersion: name.version)
        var failed = MachineReport(kernel: kernel, patchState: .applyFailed)
        failed.attemptedVersion = name.version
        failed.message = "the symbol is not there"
        return (good, failed)
    }

    @Test(
        "shows at the origin what failed at the site, with the age of each number",
        arguments: [("unit", false), ("bucket", false), ("unit", true)])
    func failure(_ strategy: String, _ sendsReports: Bool) async throws {
        try await Surroundings.with { here in
            let settings = [
                "patch-sync.machine-count-strategy": strategy, "patch-sync.send-machine-reports": "\(sendsReports)",
            ]
            func named(_ id: String) -> [String: String] { settings.merging(["patch-sync.id": id]) { $1 } }
            let origin = try await here.server("origin", ["patch-sync.id": "origin"])
            let above = try await origin.administrator()
            try await above.importPatches("--versions 100.1 --kernels 1")
            let regional = try await here.downstream(
                "regional", of: origin.url, token: above.token("edge", "regional"), named("regional"))
            let middle = try await regional.administrator()
            try await middle.firstSync()
            let site = try await here.downstream("site", of: regional.url, token: middle.token("edge", "site"), named("site"))
            let below = try await site.administrator()
            try await below.firstSync()

            let (good, failed) = try await reports(below)
            let secret = try await below("auth-token web edge --quiet").trimmingCharacters(in: .whitespacesAndNewlines)
            for number in 0..<3 { try await machine("good-\(number)", at: site, secret, good) }
            try await machine("bad", at: site, secret, failed)
            let local = try #require(try await below.dictionary("report patch-health edge 100.1")["health"] as? [String: Any])
            #expect(local["counts"] as? [String: Int] == ["applied": 3, "failed": 1, "pending": 0])

            let synced = try await below.sync()
            #expect(synced["result"] as? String == "unchanged")
            let told = try #require(synced["fleet"] as? [String: Any])
            #expect(told["result"] as? String == "sent" && told["machines"] as? Int == (sendsReports ? 4 : 0))
            #expect(try #require(told["bytes"] as? Int) < (sendsReports ? 6000 : 3000))
            try await middle.sync()

            let health = try await above.dictionary("report patch-health 100.1 --include-downstream")
            let whole = try #require(health["health"] as? [String: Any])
            #expect(
                whole["counts"] as? [String: Int] == ["applied": strategy == "unit" ? 3 : 1, "failed": 1, "pending": 0])
            #expect(health["isExact"] as? Bool == (strategy == "unit"))
            let failures = try #require(whole["failures"] as? [[String: Any]])
            #expect(failures.map { $0["message"] as? String } == ["the symbol is not there"])
            let deployments = try #require(health["deployments"] as? [[String: Any]])
            #expect(deployments.map { $0["deployment"] as? String } == ["origin", "regional", "site"])
            #expect(deployments.map { $0["route"] as? [String] } == [[], ["regional"], ["regional", "site"]])
            #expect(deployments.allSatisfy { $0["isStale"] as? Bool == false })
            #expect(try #require(deployments[2]["ageSeconds"] as? Int) < 300)

            let text = try await above("report patch-health edge 100.1 --include-downstream")
            #expect(text.contains("the symbol is not there") && text.contains("regional → site"), "\(text)")
            let summary = try await above("report summary --include-downstream")
            #expect(summary.contains(strategy == "unit" ? "Machines:      4" : "Machines:      ≥ 1"), "\(summary)")

            let listed = try #require(
                try await above.json("machines list --include-downstream --state apply-failed") as? [[String: Any]])
            #expect(listed.map { $0["deployment"] as? String } == (sendsReports ? ["site"] : []))
            #expect(try await above("machines list --include-downstream --count") == (sendsReports ? "4\n" : "0\n"))

            // Nobody learns a machine's own id.
            #expect(try await below("machines show bad").contains("the symbol is not there"))
            try await above.refuse("machines show bad", status: 66)
            #expect(!site.log.contains("good-1") && !regional.log.contains("good-1"))
        }
    }

    @Test("says which numbers are stale, and takes them away with the token")
    func stale() async throws {
        try await Surroundings.with { here in
            let origin = try await here.server("origin")
            let above = try await origin.administrator()
            let token = try await above.token("edge", "relay")
            let relay = try DeploymentID(parsing: "relay")
            let lost = try DeploymentID(parsing: "lost")
            let tally = FleetTally(machines: 9, current: 0, presence: FleetPresence(older: 9, silent: 9), lines: [], failures: [])
            func entry(_ id: DeploymentID, _ route: [DeploymentID], age: Int64) -> FleetReport.Entry {
                FleetReport.Entry(
                    deployment: id, route: route, ageSeconds: age, staleAfterSeconds: 7500, strategy: .unit, tally: tally,
                    feed: nil)
            }
            let report = FleetReport(
                deployment: relay, time: Date(), entries: [entry(relay, [], age: 0), entry(lost, [lost], age: 3 * 86_400)])
            let body = String(decoding: try DocumentCoding.encode(report), as: UTF8.self)
            let headers = ["Authorization": "Bearer \(token)", "Livepatch-Deployment": "relay"]
            #expect(try await ask(origin.port, "POST", "/v1/sync/fleet-report", headers, body: body).status == 200)

            let summary = try await above.run(["report", "summary", "--include-downstream"])
            #expect(summary.output.contains("relay → lost") && summary.output.contains("3 days ago, stale"), "\(summary)")
            #expect(summary.errors.contains("The numbers of lost are stale") && !summary.errors.contains("of relay are stale"))

            // Somebody else's token replaces nothing of it.
            let other = ["Authorization": "Bearer \(try await above.token("edge", "other"))"]
            let smaller = FleetReport(deployment: relay, time: Date(), entries: [entry(relay, [], age: 600)])
            let claim = String(decoding: try DocumentCoding.encode(smaller), as: UTF8.self)
            #expect(try await ask(origin.port, "POST", "/v1/sync/fleet-report", other, body: claim).status == 200)
            #expect(try await above("report summary --include-downstream --quiet") == "18\n")

            try await above("sync-tokens revoke relay")
            try await above("sync-tokens revoke other")
            #expect(try await above("report summary --include-downstream --quiet") == "0\n")
            #expect(try await ask(origin.port, "POST", "/v1/sync/fleet-report", headers, body: body).status == 401)
        }
    }

    @Test("is forgotten with care")
    func forgetting() async throws {
        try await Surroundings.with { here in
            let server = try await here.server("origin")
            let administrator = try await server.administrator()
            try await administrator.importPatches("--versions 100.1 --kernels 1")
            let (good, failed) = try await reports(administrator)
            let secret = try await administrator("auth-token web edge --quiet").trimmingCharacters(in: .whitespacesAndNewlines)
            try await machine("good", at: server, secret, good)
            try await machine("bad", at: server, secret, failed)
            try await administrator("machines tag bad +canary +rack=7")
            try await administrator("machines tag bad -rack=7")
            #expect(try await administrator("machines list --tag canary --count") == "1\n")
            try await administrator.refuse("machines forget --tag canary", status: 64, saying: "--dry-run")
            try await administrator.refuse("machines forget", status: 64)
            try await administrator.refuse("machines show nobody", status: 66, saying: "nobody")
            try await administrator.refuse("report patch-health nowhere 100.1", status: 66, saying: "nowhere")
            try await administrator.refuse("report patch-health edge 999.1", status: 66, saying: "999.1")
            try await administrator.refuse("report machines edge 100.1 broken", status: 64, saying: "apply-failed")
            let hash = try await administrator("machines forget --tag canary --dry-run").prefix(64)
            #expect(try await administrator("machines show \(hash.prefix(8)) --quiet") == "\(hash)\n")
            try await administrator("machines forget --tag canary --yes")
            #expect(try await administrator("machines list --count") == "1\n")
            try await administrator("machines forget good")
            #expect(try await administrator("report summary --quiet") == "0\n")
            #expect(try await administrator("history").contains("machines forget --tag canary"))
        }
    }

    @Test("has nothing to say where reports are disabled, and says so")
    func disabled() async throws {
        try await Surroundings.with { here in
            let server = try await here.server("origin", ["machine-reports.database.enabled": "false"])
            let administrator = try await server.administrator()
            try await administrator.importPatches("--versions 100.1 --kernels 1")
            let (good, _) = try await reports(administrator)
            let secret = try await administrator("auth-token web edge --quiet").trimmingCharacters(in: .whitespacesAndNewlines)
            try await machine("good", at: server, secret, good)
            let summary = try await administrator.run(["report", "summary"])
            #expect(summary.output.contains("Machines:      1") && summary.output.contains("1 within the hour"), "\(summary)")
            #expect(summary.errors.contains("machine-reports.database.enabled"))
        }
    }
}
