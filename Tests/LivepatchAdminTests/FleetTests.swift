import ArgumentParser
import ConsoleRecording
import FoundationEssentials
import LivepatchAPI
import LivepatchKit
import Testing

@testable import livepatch_admin

@Suite struct FleetTests {
    private let now = RecordedConsole.now

    private func machine(_ name: String, _ state: PatchState = .applied, message: String? = nil) throws -> Machine {
        let file = Samples.file().name
        var report = MachineReport(
            kernel: MachineKernel(version: file.kernel, flavour: file.flavour, architecture: file.architecture),
            patchState: state, patchVersion: state == .applied ? file.version : nil)
        report.attemptedVersion = state == .applied ? nil : file.version
        report.message = message
        return Machine(
            id: HashedMachineID(digest: SHA256Digest(of: Array(name.utf8))), authToken: "lab",
            tier: try TierName(parsing: "stable"), registered: now - 86_400, lastSeen: now - 120, report: report,
            stateSince: now - 7200, tags: ["rack=7"])
    }

    /// A line as a server tells it.
    private func line(_ machine: Machine, from deployment: String? = nil, stale: Bool = false) throws
        -> MachineAdministration.Line
    {
        struct Body: Encodable {
            let machine: Machine
            let deployment: String?
            let asOf: Date?
            let isStale: Bool
        }
        let body = Body(machine: machine, deployment: deployment, asOf: deployment.map { _ in now - 600 }, isStale: stale)
        return try DocumentCoding.decode(MachineAdministration.Line.self, from: DocumentCoding.encode(body))
    }

    private func numbers(
        _ name: String, route: [String] = [], age: Int = 0, stale: Bool = false, exact: Bool = true, failed: Int = 3,
        leftOut: Int = 0
    ) -> String {
        let asOf = Timestamp.text(now - Double(age))
        let path = route.map { "\"\($0)\"" }.joined(separator: ",")
        return """
            {"deployment":"\(name)","route":[\(path)],"asOf":"\(asOf)","ageSeconds":\(age),"isStale":\(stale),"isExact":\(exact),
            "machines":60,"current":52,"silent":1,"coveragePercent":86.6,"deploymentsLeftOut":\(leftOut),
            "health":{"applied":52,"failed":\(failed),"pending":5}}
            """
    }

    private func health(_ deployments: [String], exact: Bool = true, keeps: Bool = true, below: Bool = true) throws
        -> PatchHealthBody
    {
        let file = Samples.file().name
        let text = """
            {"time":"\(Timestamp.text(now))","tier":"stable","isExact":\(exact),"hasDownstreams":\(below),"keepsReports":\(keeps),
            "health":{"version":"107.1","counts":{"applied":52,"failed":3,"pending":5},
            "kernels":[{"kernel":{"version":"\(file.kernel)","flavour":"generic","architecture":"amd64"},
            "counts":{"applied":52,"failed":3,"pending":5}}],
            "failures":[{"tier":"stable","version":"107.1","state":"apply-failed","message":"symbol not found","machines":3}]},
            "deployments":[\(deployments.joined(separator: ","))]}
            """
        return try DocumentCoding.decode(PatchHealthBody.self, from: Array(text.utf8))
    }

    @Test func `A patch's health says what failed, where, and how fresh each number is`() async throws {
        let body = try health(
            [
                numbers("origin"), numbers("low", route: ["mid", "low"], age: 600, exact: false),
                numbers("far", route: ["far"], age: 864_000, stale: true, leftOut: 2),
            ], exact: false)
        let server = AnsweringServer { $0.fleet.health = body }
        let run = try await Invocation.run(
            ["report", "patch-health", "stable", "107.1", "--include-downstream"], server: server)
        #expect(run.status == 0 && server.asked == ["health stable 107.1 below"])
        #expect(run.output.contains("Failed:  ≥ 3\n"), "\(run.output)")
        #expect(run.output.contains("symbol not found"))
        #expect(run.output.contains("mid → low  10 min ago"), "\(run.output)")
        #expect(run.output.contains("10 days ago, stale"))
        #expect(run.errorOutput.contains("The numbers of far are stale"))
        #expect(run.errorOutput.contains("at least") && run.errorOutput.contains("2 deployments are not counted"))
    }

    @Test func `Without a tier all machines count, and servers below are mentioned`() async throws {
        let body = try health([numbers("origin")])
        let server = AnsweringServer { $0.fleet.health = body }
        let run = try await Invocation.run(["report", "patch-health", "107.1"], server: server)
        #expect(server.asked == ["health - 107.1"])
        #expect(run.errorOutput.contains("--include-downstream adds them"))
        #expect(try await Invocation.run(["report", "patch-health", "107.1", "--quiet"], server: server).output == "52 3 5\n")
        let json = try await Invocation.run(["report", "patch-health", "107.1", "--format", "json"], server: server)
        #expect(json.output.contains("\"asOf\": ") && json.output.contains("\"failed\": 3"))
        #expect(throws: (any Error).self) { try LivepatchAdmin.parseAsRoot(["report", "patch-health", "stable", "x"]) }
        #expect(throws: (any Error).self) { try LivepatchAdmin.parseAsRoot(["report", "patch-health", "a", "1.1", "2.1"]) }
    }

    @Test func `Where reports are disabled that is said, with how to enable them`() async throws {
        let body = try health([numbers("origin")], keeps: false, below: false)
        let machines = [try line(machine("a"))]
        let server = AnsweringServer {
            $0.fleet = FleetAnswers(health: body, machines: machines, keepsReports: false)
        }
        for words in [["report", "patch-health", "107.1"], ["machines", "list"], ["machines", "list", "--count"]] {
            let run = try await Invocation.run(words, server: server)
            #expect(run.errorOutput.contains("machine-reports.database.enabled"), "\(words)")
        }
    }

    @Test func `Machines are listed page by page, up to a limit`() async throws {
        let lines = try (0..<2500).map { try line(machine("m\($0)")) }
        let server = AnsweringServer { $0.fleet.machines = lines }
        let all = try await Invocation.run(["machines", "list", "--limit", "0", "--quiet"], server: server)
        #expect(all.output.split(separator: "\n").count == 2500)
        #expect(server.asked.count == 3 && server.asked.last == "machines  after=2000 limit=1000")
        let some = try await Invocation.run(["machines", "list", "--limit", "1200"], server: server)
        #expect(some.output.split(separator: "\n").count == 1201 && some.errorOutput.contains("There are more"))
        #expect(server.asked.last == "machines  after=1000 limit=200")
        #expect(try await Invocation.run(["machines", "list", "--count"], server: server).output == "2500\n")
    }

    @Test func `Filters are asked of the server, times counted from now`() async throws {
        let server = AnsweringServer()
        let run = try await Invocation.run(
            [
                "machines", "list", "--tier", "stable", "--group", "lab", "--patch", "107.1", "--state", "apply-failed",
                "--state",
                "unknown", "--kernel", "5.15.0-107.117", "--flavour", "generic", "--architecture", "amd64", "--tag", "rack=7",
                "--silent", "1d", "--seen", "30d", "--shared", "--include-downstream",
            ], server: server)
        #expect(run.errorOutput == "There are no such machines.\n")
        let expected =
            "machines tier=stable auth-token=lab patch=107.1 state=apply-failed state=unknown kernel=5.15.0-107.117 flavour=generic "
            + "architecture=amd64 tag=rack=7 silent-since=\(Timestamp.text(now - 86_400)) "
            + "seen-since=\(Timestamp.text(now - 30 * 86_400)) shared=true after=- limit=1000 below"
        #expect(server.asked == [expected])
        _ = try await Invocation.run(["report", "machines", "stable", "107.1", "apply-failed"], server: server)
        #expect(server.asked.last == "machines tier=stable patch=107.1 state=apply-failed after=- limit=1000")
        #expect(throws: (any Error).self) { try LivepatchAdmin.parseAsRoot(["machines", "list", "--state", "broken"]) }
    }

    @Test func `A machine's line says what failed, and one from below how fresh it is`() async throws {
        let own = try line(machine("own", .applyFailed, message: "no room"))
        let below = try line(machine("below"), from: "low", stale: true)
        let server = AnsweringServer { $0.fleet.machines = [own, below] }
        let plain = try await Invocation.run(["machines", "list"], server: server).output
        #expect(plain.contains("none (tried 107.1)") && plain.contains("no room") && !plain.contains("DEPLOYMENT"))
        let deployed = try await Invocation.run(["machines", "list", "--include-downstream"], server: server).output
        #expect(deployed.contains("this one") && deployed.contains("low") && deployed.contains("10 min ago, stale"))
    }

    @Test func `A machine is shown with its history`() async throws {
        let own = try machine("own", .applyFailed, message: "no room")
        let update = MachineUpdate(machine: own.id, time: now - 60, report: try #require(own.report), isChange: true)
        let lines = [try line(own)]
        let server = AnsweringServer {
            $0.fleet.machines = lines
            $0.fleet.history = [update]
        }
        let run = try await Invocation.run(["machines", "show", "abc", "--history", "5"], server: server)
        #expect(server.asked == ["machine abc 5"])
        #expect(run.output.contains("Machine:    \(own.id)") && run.output.contains("REPORTED"), "\(run.output)")
        #expect(try await Invocation.run(["machines", "show", "abc", "--quiet"], server: server).output == "\(own.id)\n")
    }

    @Test func `Labels are given with a plus and taken away with a minus`() async throws {
        let lines = [try line(machine("own"))]
        let server = AnsweringServer { $0.fleet.machines = lines }
        let run = try await Invocation.run(["machines", "tag", "abc", "+canary", "-rack=7", "+x"], server: server)
        #expect(server.asked == ["tag abc add=canary,x remove=rack=7"])
        #expect(run.errorOutput.contains("has the labels canary, x."))
        for words in [["abc"], ["abc", "canary"], ["abc", "+"]] {
            #expect(throws: (any Error).self) { try LivepatchAdmin.parseAsRoot(["machines", "tag"] + words) }
        }
    }

    @Test func `Filters forget nothing without a word, and machines are forgotten by name at once`() async throws {
        let lines = [try line(machine("a")), try line(machine("b"))]
        let server = AnsweringServer { $0.fleet.machines = lines }
        let bare = try await Invocation.run(["machines", "forget"], server: server)
        #expect(bare.status == 64 && bare.errorOutput.contains("Nothing says which"))
        let careless = try await Invocation.run(["machines", "forget", "--silent", "90d"], server: server)
        #expect(careless.status == 64 && careless.errorOutput.contains("--dry-run"))
        let both = try await Invocation.run(["machines", "forget", "abc", "--tier", "edge", "--yes"], server: server)
        #expect(both.status == 64 && server.asked.isEmpty)

        let dry = try await Invocation.run(["machines", "forget", "--group", "lab", "--dry-run"], server: server)
        #expect(dry.output == lines.map { "\($0.machine.id)\n" }.joined())
        #expect(dry.errorOutput == "2 machines would be forgotten.\n")
        let real = try await Invocation.run(["machines", "forget", "--group", "lab", "--yes"], server: server)
        #expect(real.output.isEmpty && real.errorOutput == "2 machines forgotten.\n")
        _ = try await Invocation.run(["machines", "forget", "one", "two"], server: server)
        #expect(server.asked == ["forget auth-token=lab dry", "forget auth-token=lab", "forget one two"])
    }

    @Test func `A summary is a few lines and tables`() async throws {
        let file = Samples.file().name
        let share = #"{"name":"NAME","machines":60,"current":52}"#
        let text = """
            {"time":"\(Timestamp.text(now))","hasDownstreams":false,"keepsReports":true,"deployments":[\(numbers("origin"))],
            "summary":{"machines":60,"current":52,"coveragePercent":86.6,"isExact":true,"machinesLeftOut":0,
            "presence":{"hour":50,"day":9,"week":0,"older":0,"never":1,"silent":2},
            "tiers":[\(share.replacing("NAME", with: "stable"))],"kernels":[\(share.replacing("NAME", with: "\(file.kernel)"))],
            "patches":[\(share.replacing("NAME", with: "107.1"))],"states":[\(share.replacing("NAME", with: "applied"))]}}
            """
        let body = try DocumentCoding.decode(FleetSummaryBody.self, from: Array(text.utf8))
        let server = AnsweringServer { $0.fleet.summary = body }
        let run = try await Invocation.run(["report", "summary"], server: server)
        #expect(run.output.contains("52 (86.6 %) have the newest patch"), "\(run.output)")
        #expect(run.output.contains("50 within the hour, 9 within a day, 1 never"))
        for title in ["TIER", "KERNEL", "PATCH", "STATE"] { #expect(run.output.contains(title)) }
        #expect(run.errorOutput == "")
        #expect(try await Invocation.run(["report", "summary", "--quiet"], server: server).output == "60\n")
        let yaml = try await Invocation.run(["report", "summary", "--include-downstream", "--format", "yaml"], server: server)
        #expect(yaml.output.contains("coveragePercent: 86.6") && server.asked.last == "summary below")
    }
}
