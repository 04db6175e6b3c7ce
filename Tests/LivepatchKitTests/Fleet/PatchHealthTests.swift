import LivepatchKit
import Testing

@Suite("The health of a patch")
struct PatchHealthTests {
    private func health(_ tallies: [FleetTally], tier: String? = "stable", of version: String = "107.1") throws -> PatchHealth {
        PatchHealth(of: try PatchVersion(parsing: version), tier: try tier.map(tierName), in: tallies)
    }

    @Test("machines are those that have it, those on which it failed, and those that are due to get it")
    func counts() throws {
        let health = try health([
            tally([
                try line(100, applied: "107.1", current: true),
                // It failed, and an older one is still there.
                try line(7, applied: "106.1", attempted: "107.1", .applyFailed),
                // It failed, and nothing is there.
                try line(3, attempted: "107.1", .applyFailed),
                // Revoked, and cannot be taken back.
                try line(2, applied: "107.1", .appliedWithBug),
                // Due.
                try line(20, applied: "106.1", .unapplied), try line(4, .needsCheck),
                // Nothing of it: another tier, a kernel without it, one that is ahead.
                try line(50, tier: "edge", applied: "107.1", current: true), try line(11, .nothingToApply, newest: nil),
                try line(9, applied: "108.1", newest: "108.1", current: true),
            ])
        ])
        #expect(health.counts == PatchHealth.Counts(applied: 100, failed: 12, pending: 24))
    }

    @Test("an older version is not waited for where a newer one is offered")
    func superseded() throws {
        let health = try health([tally([try line(5, applied: "106.1", .unapplied, newest: "108.1")])])
        #expect(health.counts.isEmpty)
    }

    @Test("a machine that cannot ask has not failed the patch that it has")
    func checkFailed() throws {
        let health = try health([tally([try line(5, applied: "107.1", .checkFailed, current: true)])])
        #expect(health.counts == PatchHealth.Counts(applied: 5))
    }

    @Test("kernels come in order, each with its own counts, and equal messages of several deployments are added up")
    func breakdown() throws {
        let health = try health([
            tally(
                [
                    try line(5, applied: "107.1", current: true, kernel: "5.15.0-107.117"),
                    try line(2, attempted: "107.1", .applyFailed, kernel: "5.4.0-90.101"),
                ], failures: [try failure("no room", 2), try failure("other", 9, version: "106.1")]),
            tally(
                [try line(3, attempted: "107.1", .applyFailed, kernel: "5.4.0-90.101")],
                failures: [try failure("no room", 3), try failure("elsewhere", 1, tier: "edge")]),
        ])
        #expect(health.kernels.map(\.kernel.version.description) == ["5.4.0-90.101", "5.15.0-107.117"])
        #expect(health.kernels.map(\.counts) == [PatchHealth.Counts(failed: 5), PatchHealth.Counts(applied: 5)])
        #expect(health.failures.map(\.message) == ["no room"] && health.failures.map(\.machines) == [5])
        let everywhere = try self.health([tally([try line(1, tier: "edge", applied: "107.1", current: true)])], tier: nil)
        #expect(everywhere.counts.applied == 1)
    }
}

@Suite("A fleet at a glance")
struct FleetSummaryTests {
    @Test("shares are added up by what they have in common, the largest first, and coverage is rounded down")
    func shares() throws {
        let summary = FleetSummary(
            [
                tally([
                    try line(1999, applied: "107.1", current: true), try line(1, applied: "106.1", .unapplied),
                ]),
                tally([try line(10, tier: "edge", .nothingToApply, newest: nil, kernel: "6.8.0-31.31")]),
            ], isExact: true)
        #expect(summary.machines == 2010 && summary.current == 1999 && summary.coveragePercent == 99.4)
        #expect(summary.tiers.map(\.name) == ["stable", "edge"] && summary.tiers.map(\.current) == [1999, 0])
        #expect(summary.patches.map(\.name) == ["107.1", "none", "106.1"])
        #expect(summary.kernels.last?.name == "6.8.0-31.31-generic amd64" && summary.presence.hour == 2010)
        #expect(FleetSummary([tally([try line(9999, current: true), try line(1)])], isExact: true).coveragePercent == 99.9)
        #expect(FleetSummary([], isExact: true).coveragePercent == nil)
    }
}
