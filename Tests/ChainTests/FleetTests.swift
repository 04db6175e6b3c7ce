import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import Testing

/// Three servers, the lowest with machines: what happens there is known at the origin.
@Suite("A fleet over three servers")
struct FleetTests {
    private struct Chain {
        let origin: InProcessServer
        let middle: InProcessServer
        let lowest: InProcessServer
        let toOrigin: String
        let toMiddle: String
        let clock: SettableTime
        let middleReporter: FleetReporter
        let lowestReporter: FleetReporter

        init(_ strategy: MachineCountStrategy, sendsMachineReports: Bool = false) async throws {
            let clock = SettableTime(Date(timeIntervalSince1970: 1_717_243_200))
            self.clock = clock
            origin = try await InProcessServer(id: "origin", now: { clock.now() })
            middle = try await InProcessServer(id: "middle", now: { clock.now() })
            lowest = try await InProcessServer(id: "lowest", now: { clock.now() })
            toOrigin = try await origin.issue("edge", "middle")
            toMiddle = try await middle.issue("edge", "lowest")
            middleReporter = middle.reporter(
                FleetReporter.Settings(strategy: strategy, sendsMachineReports: sendsMachineReports, interval: .seconds(3600)))
            lowestReporter = lowest.reporter(
                FleetReporter.Settings(strategy: strategy, sendsMachineReports: sendsMachineReports, interval: .seconds(3600)))
            try await origin.release("107.1")
            try await up()
        }

        /// The lowest syncs, then the middle one: all that is below is known above.
        @discardableResult
        func up() async throws -> [SyncReport] {
            let down = await middle.sync(from: origin, secret: toOrigin)
            #expect(down.result != .failed, "\(down.failures)")
            let low = await lowest.sync(from: middle, secret: toMiddle, reporter: lowestReporter)
            #expect(low.result != .failed, "\(low.failures)")
            return [low, await middle.sync(from: origin, secret: toOrigin, reporter: middleReporter)]
        }

        func health(_ text: String = "107.1", includesDownstreams: Bool = true) async throws -> FleetInquiry.Health {
            try await origin.inquiry.health(of: version(text), tier: nil, includesDownstreams: includesDownstreams)
        }
    }

    private func report(_ state: PatchState, _ applied: String?, attempted: String? = nil, _ message: String? = nil) throws
        -> MachineReport
    {
        let name = try PatchFileName(parsing: fileName("107.1"))
        var report = MachineReport(
            kernel: MachineKernel(version: name.kernel, flavour: name.flavour, architecture: name.architecture),
            patchState: state, patchVersion: try applied.map(version))
        report.attemptedVersion = try attempted.map(version)
        report.message = message
        return report
    }

    /// Sixty machines at the lowest server: 52 with the patch, three on which it failed, the others waiting.
    private func populate(_ chain: Chain) async throws {
        try await chain.lowest.attach("web", count: 60, to: "edge")
        try await chain.lowest.tell("web", 0..<52, report(.applied, "107.1"))
        try await chain.lowest.tell("web", 52..<55, report(.applyFailed, nil, attempted: "107.1", "symbol not found"))
        try await chain.lowest.tell("web", 55..<60, report(.unapplied, nil))
        try await chain.middle.attach("own", to: "edge")
        try await chain.middle.tell("own", 0..<1, report(.applied, "107.1"))
    }

    @Test("A failure at the lowest is visible at the origin, exactly, with its message and its age")
    func unit() async throws {
        let chain = try await Chain(.unit)
        try await populate(chain)
        let reports = try await chain.up()
        #expect(reports.map(\.fleet?.result) == [.sent, .sent] && reports.map(\.fleet?.deployments) == [1, 2])
        chain.clock.advance(by: 600)
        let health = try await chain.health()
        #expect(health.health.counts == PatchHealth.Counts(applied: 53, failed: 3, pending: 5))
        #expect(health.health.failures.map(\.message) == ["symbol not found"] && health.health.failures.map(\.machines) == [3])
        #expect(health.health.kernels.map(\.counts) == [health.health.counts])
        #expect(health.isExact)
        #expect(health.deployments.map(\.deployment.rawValue) == ["origin", "lowest", "middle"])
        #expect(health.deployments.map { $0.route.map(\.rawValue) } == [[], ["middle", "lowest"], ["middle"]])
        #expect(health.deployments.map(\.ageSeconds) == [0, 600, 600] && health.deployments.allSatisfy { !$0.isStale })
        #expect(health.deployments.map(\.health?.failed) == [0, 3, 0])

        // Without those below there is nothing, and it is said that there are some.
        let alone = try await chain.health(includesDownstreams: false)
        #expect(alone.health.counts.isEmpty && alone.hasDownstreams && alone.deployments.count == 1)

        let summary = try await chain.origin.inquiry.summary(includesDownstreams: true)
        #expect(summary.summary.machines == 61 && summary.summary.current == 53 && summary.summary.coveragePercent == 86.8)
        #expect(summary.summary.states.map(\.name) == ["applied", "unapplied", "apply-failed"])
        #expect(summary.summary.presence.hour == 61 && summary.summary.presence.silent == 0)
    }

    @Test("In buckets every number is a lower bound, and is said to be one")
    func bucket() async throws {
        let chain = try await Chain(.bucket)
        try await populate(chain)
        try await chain.up()
        let health = try await chain.health()
        #expect(health.health.counts == PatchHealth.Counts(applied: 51, failed: 1, pending: 1))
        #expect(!health.isExact && health.deployments.map(\.isExact) == [true, false, false])
        let lowest = try #require(health.deployments.first { $0.deployment.rawValue == "lowest" })
        #expect(lowest.machines == 50 && lowest.health == PatchHealth.Counts(applied: 50, failed: 1, pending: 1))
        #expect(health.health.failures.map(\.machines) == [1])
    }

    @Test("A site that no longer reports is said to be stale, and one that does is not")
    func stale() async throws {
        let chain = try await Chain(.unit)
        try await populate(chain)
        try await chain.up()
        // The lowest is cut off; the middle goes on.
        for _ in 0..<4 {
            chain.clock.advance(by: 3600)
            await chain.middle.sync(from: chain.origin, secret: chain.toOrigin, reporter: chain.middleReporter)
        }
        let health = try await chain.health()
        let (lowest, middle) = (health.deployments[1], health.deployments[2])
        #expect(lowest.deployment.rawValue == "lowest" && lowest.isStale && lowest.ageSeconds == 4 * 3600)
        #expect(middle.deployment.rawValue == "middle" && !middle.isStale && middle.ageSeconds == 0)
        // Its last numbers still count: nobody took them back.
        #expect(health.health.counts.failed == 3)

        try await chain.up()
        #expect(try await chain.health().deployments.allSatisfy { !$0.isStale && $0.ageSeconds == 0 })
        // A machine that has not been heard of for so long is missed.
        #expect(try await chain.origin.inquiry.summary(includesDownstreams: true).summary.presence.silent == 61)
    }

    @Test("Full reports bring each machine to the origin, then only what changes, and what is forgotten goes there, too")
    func machineReports() async throws {
        let chain = try await Chain(.unit, sendsMachineReports: true)
        try await populate(chain)
        #expect(try await chain.up().map(\.fleet?.machines) == [60, 61])
        func machines(_ change: (inout MachineQuery) -> Void = { _ in }) async throws -> [DownstreamMachine] {
            var query = MachineQuery()
            change(&query)
            let sources = try await chain.origin.fleet.downstreamReports().newestOfEach().map(\.source)
            return try await chain.origin.fleet.downstreamMachines(query, among: sources, after: nil, limit: 99)
        }
        #expect(try await machines().count == 61)
        let failed = try await machines { $0.states = [.applyFailed] }
        #expect(failed.map(\.machine.report?.message) == ["symbol not found", "symbol not found", "symbol not found"])
        #expect(failed.allSatisfy { $0.deployment.rawValue == "lowest" })

        // Nothing new: no page.
        #expect(try await chain.up().map(\.fleet?.machines) == [0, 0])
        try await chain.lowest.tell("web", 52..<53, report(.applied, "107.1"))
        #expect(try await chain.up().map(\.fleet?.machines) == [1, 1])
        #expect(try await machines { $0.states = [.applyFailed] }.count == 2)

        let gone = [InProcessServer.machine("web-53")]
        let entry = ChangeEntry(time: chain.clock.now(), actor: "test", action: "machines forget")
        #expect(try await chain.lowest.machines.forget(gone, entry: entry) == 1)
        try await chain.up()
        #expect(try await machines().count == 60)
        #expect(try await machines { $0.states = [.applyFailed] }.map(\.machine.id) == [InProcessServer.machine("web-54")])
        #expect(try await chain.up().map(\.fleet?.machines) == [0, 0])
    }

    @Test("A report that fails fails no sync, is told, and is put off for a while")
    func failing() async throws {
        let chain = try await Chain(.unit)
        let cut: @Sendable (ProbedUpstream.Step) async throws -> Void = { if $0 == .fleetReport { throw unreachable } }
        let failed = await chain.lowest.sync(
            from: chain.middle, secret: chain.toMiddle, reporter: chain.lowestReporter, probe: cut)
        #expect(failed.result == .unchanged && failed.failures.isEmpty)
        #expect(failed.fleet?.result == .failed && failed.fleet?.code == "upstream-unreachable")
        #expect(failed.notes.contains { $0.contains("could not be sent") && $0.contains("The test cut the line.") })

        let log = StepLog()
        let soon = await chain.lowest.sync(
            from: chain.middle, secret: chain.toMiddle, reporter: chain.lowestReporter, probe: log.note)
        #expect(soon.fleet?.result == .postponed && soon.fleet?.message == failed.fleet?.message)
        #expect(!log.all.contains(.fleetReport) && soon.notes.isEmpty)

        chain.clock.advance(by: 60)
        let again = await chain.lowest.sync(
            from: chain.middle, secret: chain.toMiddle, reporter: chain.lowestReporter, probe: cut)
        #expect(again.fleet?.result == .failed)
        // Twice as long.
        chain.clock.advance(by: 119)
        await chain.lowest.sync(from: chain.middle, secret: chain.toMiddle, reporter: chain.lowestReporter, probe: log.note)
        #expect(!log.all.contains(.fleetReport))
        chain.clock.advance(by: 1)
        let good = await chain.lowest.sync(
            from: chain.middle, secret: chain.toMiddle, reporter: chain.lowestReporter, probe: log.note)
        #expect(good.fleet?.result == .sent && log.all.count { $0 == .fleetReport } == 1)
    }

    @Test("An upstream of an older release is told apart quietly, and asked again a day later")
    func older() async throws {
        let chain = try await Chain(.unit)
        let upstream = chain.middle.upstream(secret: chain.toMiddle, for: chain.lowest.deployment, takesReports: false)
        let log = StepLog()
        let probed = ProbedUpstream(upstream, probe: log.note)
        for hours in [0, 23] {
            chain.clock.advance(by: Double(hours) * 3600)
            let report = await chain.lowest.sync(from: probed, reporter: chain.lowestReporter)
            #expect(report.result == .unchanged && report.fleet?.result == .unsupported && report.notes.isEmpty)
        }
        #expect(log.all.count { $0 == .fleetReport } == 1)
        chain.clock.advance(by: 3600)
        await chain.lowest.sync(from: probed, reporter: chain.lowestReporter)
        #expect(log.all.count { $0 == .fleetReport } == 2)
    }

    @Test("A sync that could not reach the upstream does not try to report to it")
    func absent() async throws {
        let chain = try await Chain(.unit)
        let log = StepLog { step, _ in step == .head ? unreachable : nil }
        let report = await chain.lowest.sync(
            from: chain.middle, secret: chain.toMiddle, reporter: chain.lowestReporter, probe: log.note)
        #expect(report.result == .failed && report.fleet == nil && !log.all.contains(.fleetReport))
    }

    @Test("The report of a sync that finds nothing is one small request")
    func small() async throws {
        let chain = try await Chain(.unit)
        try await populate(chain)
        try await chain.up()
        let log = StepLog()
        let report = await chain.middle.sync(
            from: chain.origin, secret: chain.toOrigin, reporter: chain.middleReporter, probe: log.note)
        #expect(report.result == .unchanged && log.all == [.head, .fleetReport])
        // Two deployments, four groups of machines, one message.
        #expect(try #require(report.fleet).bytes < 3000, "\(report.fleet?.bytes ?? 0) bytes")
    }
}
