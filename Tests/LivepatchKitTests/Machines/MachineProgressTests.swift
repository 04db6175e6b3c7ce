import FoundationEssentials
import LivepatchKit
import Testing

@Suite struct MachineProgressTests {
    private let now = MachineSamples.now

    /// Takes reports, each so many seconds after the first.
    private func take(
        _ reports: [(seconds: Double, report: MachineReport, isNewest: Bool)], _ progress: inout MachineProgress
    ) throws -> [MachineUpdate] {
        try reports.map {
            progress.take(
                $0.report, from: try MachineSamples.identity(isNewest: $0.isNewest), at: now.addingTimeInterval($0.seconds))
        }
    }

    private func take(_ reports: [(seconds: Double, report: MachineReport)]) throws -> [MachineUpdate] {
        var progress = MachineProgress()
        return try take(reports.map { ($0.seconds, $0.report, true) }, &progress)
    }

    @Test func `the first report is a change, and so is another kernel, patch, state or message, and nothing else`() throws {
        var reports = [MachineSamples.report(.unapplied), MachineSamples.report(.unapplied)]
        reports.append(
            MachineSamples.report(.unapplied) {
                $0.cpuModel = "other"; $0.uptimeSeconds = 9; $0.clientVersion = "2"
            })
        reports.append(MachineSamples.report(.applied, applied: "107.1"))
        reports.append(MachineSamples.report(.applied, applied: "107.2"))
        reports.append(MachineSamples.report(.applyFailed, applied: "107.2") { $0.attemptedVersion = "108.1" })
        reports.append(MachineSamples.report(.applyFailed, applied: "107.2") { $0.attemptedVersion = "108.2" })
        reports.append(
            MachineSamples.report(.applyFailed, applied: "107.2") {
                $0.attemptedVersion = "108.2"; $0.message = "no"
            })
        reports.append(
            MachineSamples.report(.applyFailed, applied: "107.2", kernel: MachineSamples.kernel(flavour: "aws")) {
                $0.attemptedVersion = "108.2"
                $0.message = "no"
            })
        let updates = try take(reports.enumerated().map { (Double($0) * 3600, $1) })
        #expect(updates.map(\.isChange) == [true, false, false, true, true, true, true, true, true])
        #expect(updates.allSatisfy { $0.sharedSince == nil })
    }

    @Test func `a machine boots by the server's clock, and only ever later`() throws {
        let updates = try take([
            (0, MachineSamples.report(uptime: 100)),
            // Slow on its way, then quick: it has not booted later, nor earlier.
            (3600, MachineSamples.report(uptime: 3690)), (7200, MachineSamples.report(uptime: 7300)),
            (9000, MachineSamples.report(uptime: 60)), (9060, MachineSamples.report(uptime: nil)),
        ])
        #expect(updates.map { $0.booted?.timeIntervalSince(now) } == [-100, -90, -90, 8940, 8940])
        #expect(updates.allSatisfy { $0.sharedSince == nil })
    }

    @Test func `a boot two minutes before the known one is of another machine, and a little less is not`() throws {
        let within = try take([(0, MachineSamples.report(uptime: 100)), (60, MachineSamples.report(uptime: 280))])
        #expect(within.last?.sharedSince == nil)
        let updates = try take([
            (0, MachineSamples.report(uptime: 100)), (60, MachineSamples.report(uptime: 281)),
            (3600, MachineSamples.report(uptime: 3700)), (3660, MachineSamples.report(uptime: 3881)),
        ])
        #expect(updates.map { $0.sharedSince?.timeIntervalSince(now) } == [nil, 60, 60, 60])
        #expect(updates.map(\.isChange) == [true, true, false, false])
        #expect(updates.map { $0.booted?.timeIntervalSince(now) } == [-100, -100, -100, -100])
    }

    @Test func `a server's clock that is set back makes nobody a copy of itself`() throws {
        func report(_ uptime: Int64) -> MachineReport {
            MachineSamples.report(uptime: uptime) { $0.bootTime = now.addingTimeInterval(-100) }
        }
        let updates = try take([(0, report(100)), (-3600, report(400)), (-3300, report(700))])
        #expect(updates.allSatisfy { $0.sharedSince == nil })
        #expect(updates.last?.booted == now.addingTimeInterval(-4000))
    }

    @Test func `an older token in use after the newer one means two machines, and before it does not`() throws {
        var progress = MachineProgress()
        let report = MachineSamples.report()
        let updates = try take(
            [(0, report, false), (10, report, true), (20, report, true), (30, report, false), (40, report, true)], &progress)
        #expect(updates.map { $0.sharedSince?.timeIntervalSince(now) } == [nil, nil, nil, 30, 30])
        #expect(updates.map(\.isChange) == [true, false, false, true, false])
    }

    @Test func `what a store knows goes on where it was`() throws {
        var machine = Machine(id: try MachineSamples.hashed("m1"), authToken: "web", tier: "edge", registered: now)
        machine.report = MachineSamples.report(.applied, applied: "107.1")
        machine.booted = now.addingTimeInterval(-500)
        machine.sharedSince = now.addingTimeInterval(-50)
        var progress = MachineProgress(machine)
        let update = try take([(0, MachineSamples.report(.applied, applied: "107.1", uptime: 500), true)], &progress)[0]
        #expect(!update.isChange)
        #expect(update.sharedSince == machine.sharedSince)
    }
}
