import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import Testing

@Suite("What downstreams report is checked before it is kept")
struct FleetIntakeTests {
    private struct Upstream {
        let store: InMemoryFleetStore
        let intake: FleetIntake
        let token: SyncToken

        init() async throws {
            let database = InMemoryDatabase()
            store = InMemoryFleetStore(database, machines: InMemoryMachineStore(database))
            intake = FleetIntake(deployment: "upstream", store: store, now: { fleetNoon })
            token = SyncToken(
                name: "site", tier: "edge", created: fleetNoon, secrets: [.init(hash: SHA256Digest(of: Array("secret".utf8)))])
            try await InMemoryTokenStore(database).add(
                token, entry: ChangeEntry(time: fleetNoon, actor: "test", action: "sync-tokens add"))
        }

        func receive(_ entries: [FleetReport.Entry], from reporter: DeploymentID = "site") async throws -> FleetReceipt {
            try await intake.receive(
                FleetReport(deployment: reporter, time: fleetNoon.addingTimeInterval(-1e6), entries: entries), with: token)
        }

        func deployments() async throws -> [String] {
            try await store.downstreamReports().map(\.deployment.rawValue)
        }
    }

    private func entry(
        _ deployment: DeploymentID = "site", _ route: [DeploymentID] = [], age: Int64 = 0, stale: Int64 = 7200,
        tally: FleetTally? = nil, feed: MachineFeedMark? = nil
    ) throws -> FleetReport.Entry {
        FleetReport.Entry(
            deployment: deployment, route: route, ageSeconds: age, staleAfterSeconds: stale, strategy: .unit,
            tally: try tally ?? LivepatchKitTests.tally([try line(1)]), feed: feed)
    }

    @Test("ages count from the receiver's clock, whatever the reporter's says")
    func ages() async throws {
        let upstream = try await Upstream()
        let receipt = try await upstream.receive([try entry(), try entry("low", ["low"], age: 90)])
        #expect(receipt == FleetReceipt(deployments: 2, feeds: []))
        let reports = try await upstream.store.downstreamReports()
        #expect(reports.map(\.route) == [["site", "low"], ["site"]])
        #expect(reports.map(\.asOf) == [fleetNoon.addingTimeInterval(-90), fleetNoon])
        #expect(reports[0].isStale(at: fleetNoon.addingTimeInterval(7111)) && !reports[0].isStale(at: fleetNoon))
    }

    @Test("a downstream cannot speak for this server, for itself twice, or in a circle")
    func loops() async throws {
        let upstream = try await Upstream()
        let receipt = try await upstream.receive([
            try entry(), try entry("upstream", ["upstream"]), try entry("a", ["upstream", "a"]), try entry("b", ["site", "b"]),
            try entry("site", ["site"]), try entry("c", ["c"]), try entry("c", ["d", "c"]), try entry("e"),
        ])
        #expect(receipt.deployments == 2)
        #expect(try await upstream.deployments() == ["c", "site"])
        await expectError(.malformedRequest, naming: ["this server itself"]) {
            try await upstream.receive([try entry("upstream")], from: "upstream")
        }
    }

    @Test("a report beyond the bounds is refused whole, and what was there stays")
    func bounds() async throws {
        let upstream = try await Upstream()
        _ = try await upstream.receive([try entry()])
        let many = try (0..<1000).map { try entry(try DeploymentID(parsing: "d\($0)"), [try DeploymentID(parsing: "d\($0)")]) }
        let long = try (0..<32).map { try DeploymentID(parsing: "d\($0)") }
        let negative = tally([try line(-1)])
        let huge = tally([try line(FleetBounds.machineLimit + 1)])
        let lines = tally(try (0...FleetBounds.lineLimit).map { _ in try line(1) })
        let messages = tally([], failures: try (0...FleetBounds.failureLimit).map { try failure("\($0)", 1) })
        let refused: [([FleetReport.Entry], String)] = [
            ([], "first entry"), ([try entry("low", ["low"])], "first entry"), ([try entry()] + many, "1001 deployments"),
            ([try entry(), try entry(long[31], long)], "route"), ([try entry(), try entry("a", ["a", "b", "a"])], "route"),
            ([try entry(), try entry("a", ["b"])], "route"), ([try entry(age: -1)], "age"),
            ([try entry(stale: FleetBounds.ageLimit + 1)], "age"), ([try entry(tally: negative)], "number"),
            ([try entry(tally: huge)], "number"), ([try entry(tally: lines)], "lines"), ([try entry(tally: messages)], "lines"),
            ([try entry(feed: MachineFeedMark(epoch: "../x", sequence: 0))], "feed"),
            ([try entry(feed: MachineFeedMark(epoch: "x", sequence: -1))], "feed"),
        ]
        for (entries, word) in refused {
            await expectError(.malformedRequest, naming: [word]) { try await upstream.receive(entries) }
        }
        #expect(try await upstream.deployments() == ["site"])
        // At the bounds it is taken.
        #expect(try await upstream.receive([try entry()] + many.dropLast()).deployments == 1000)
    }

    @Test("a message that no server of this kind would send is refused")
    func messages() async throws {
        let upstream = try await Upstream()
        let good = try DocumentCoding.encode(
            FleetReport(
                deployment: "site", time: fleetNoon, entries: [try entry(tally: tally([], failures: [try failure("MARK", 1)]))]))
        let text = String(decoding: good, as: UTF8.self)
        let long = text.replacing("MARK", with: String(repeating: "x", count: FleetBounds.messageLimit + 1))
        let report = try DocumentCoding.decode(FleetReport.self, from: Array(long.utf8))
        await expectError(.malformedRequest, naming: ["message"]) {
            try await upstream.intake.receive(report, with: upstream.token)
        }
    }

    @Test("machines' reports are taken of deployments that were reported, with their texts cut")
    func pages() async throws {
        let upstream = try await Upstream()
        let mark = MachineFeedMark(epoch: "abc", sequence: 1)
        var report = MachineReport(kernel: try machineKernel(), patchState: .applyFailed)
        report.message = String(repeating: "m", count: 5000)
        report.cpuModel = String(repeating: "c", count: 5000)
        let machine = Machine(
            id: HashedMachineID(digest: SHA256Digest(of: [1])), authToken: String(repeating: "t", count: 5000), tier: "edge",
            registered: fleetNoon, report: report, tags: (0..<99).map { "tag-\($0)" })
        let page = MachinePage(
            header: .init(deployment: "site", epoch: mark.epoch, after: 0, upTo: mark.sequence), machines: [machine])
        await expectError(.malformedRequest, naming: ["fleet report has to come before"]) {
            try await upstream.intake.receive(page, from: "site", with: upstream.token)
        }
        let receipt = try await upstream.receive([try entry(feed: mark)])
        #expect(receipt.feeds == [.init(deployment: "site", mark: nil, machines: 0)])
        let state = try await upstream.intake.receive(page, from: "site", with: upstream.token)
        #expect(state == .init(deployment: "site", mark: mark, machines: 1))
        await expectError(.malformedRequest) {
            try await upstream.intake.receive(page, from: "another", with: upstream.token)
        }
        let source = try #require(try await upstream.store.downstreamReports().first?.source)
        let kept = try #require(try await upstream.store.downstreamChanges(of: source, after: 0, limit: 9).first?.machine)
        #expect(
            kept.report?.message?.utf8.count ?? 0 <= MachineReport.textLimit && kept.report?.message?.hasPrefix("mmm") == true)
        #expect(kept.report?.cpuModel?.utf8.count ?? 0 <= 200 && kept.authToken.utf8.count <= 256 && kept.tags.count == 32)
    }

    @Test("of a deployment that is reached on two ways the newest numbers count")
    func newest() throws {
        func report(_ token: String, _ route: [DeploymentID], at seconds: Double) throws -> DownstreamReport {
            DownstreamReport(
                token: token, route: route, asOf: fleetNoon.addingTimeInterval(seconds), staleAfterSeconds: 1, strategy: .unit,
                tally: tally([try line(1)]))
        }
        let reports = [
            try report("a", ["mid", "low"], at: 0), try report("b", ["other", "low"], at: 5), try report("a", ["mid"], at: 0),
            try report("c", ["low"], at: 5), try report("d", ["far", "x", "low"], at: 1),
        ]
        // As new, and on a shorter way.
        #expect(reports.newestOfEach() == [reports[3], reports[2]])
    }
}

@Suite("A report that would be too large")
struct FleetReportSizeTests {
    @Test("loses its smallest lines first, then its oldest deployments, and says how many")
    func fits() async throws {
        let server = try await InProcessServer(id: "middle", now: { fleetNoon })
        _ = try await server.issue("edge", "site")
        let lines = try (0..<300).map { try line(1000 - $0, kernel: "5.15.0-\($0 + 1).1") }
        let reports = try (0..<900).map { number in
            DownstreamReport(
                token: "site", route: ["site", try DeploymentID(parsing: "d\(number)-\(String(repeating: "x", count: 50))")],
                asOf: fleetNoon.addingTimeInterval(-Double(number)), staleAfterSeconds: 7200, strategy: .unit, tally: tally(lines)
            )
        }
        try await server.fleet.replaceDownstreamReports(reports, token: "site", reporter: "site", received: fleetNoon)
        let receiver = KeptReport()
        let sync = SyncReport(started: fleetNoon, ended: fleetNoon, result: .unchanged)
        let report = await server.reporter(FleetReporter.Settings(strategy: .unit)).report(after: sync, to: receiver)
        let sent = try #require(await receiver.report)
        #expect(try #require(report.fleet).bytes <= Int64(FleetBounds.reportBytes))
        #expect(try DocumentCoding.encode(sent).count == Int(report.fleet?.bytes ?? 0))
        #expect(sent.entries.count == 901 - sent.deploymentsLeftOut && sent.entries.count > 1)
        for entry in sent.entries.dropFirst() {
            #expect(entry.tally.machines == entry.tally.lines.reduce(0) { $0 + $1.machines } + entry.tally.machinesLeftOut)
            #expect(entry.tally.lines.map(\.machines).first ?? 1000 == 1000, "the largest stay")
        }
        // The youngest stay.
        #expect(sent.entries.dropFirst().map(\.ageSeconds) == (0..<Int64(sent.entries.count - 1)).map { $0 })
    }
}

private actor KeptReport: FleetReportReceiver {
    private(set) var report: FleetReport?

    func receive(_ report: FleetReport) async throws -> FleetReceipt? {
        self.report = report
        return FleetReceipt(deployments: report.entries.count, feeds: [])
    }

    func receive(_ page: MachinePage) async throws -> FleetReceipt.Feed? { nil }
}
