import FoundationEssentials

/// Puts together what a server tells its upstream.
struct FleetReportMaking: Sendable {
    let deployment: DeploymentID
    let census: FleetCensus
    let store: any FleetStore
    let settings: FleetReporter.Settings
    let now: @Sendable () -> Date

    /// A report, with what machines' reports are sent from.
    struct Made {
        let report: FleetReport
        let bytes: [UInt8]
        /// How many machines the reporter has itself.
        let machines: Int
        /// Where the reports of the machines below come from.
        let sources: [DeploymentID: DownstreamSource]
    }

    /// The most lines and messages of each deployment, tried in order until the report is small enough.
    private static let sizes: [(lines: Int, failures: Int)] = [
        (FleetBounds.lineLimit, FleetBounds.failureLimit), (100, 20), (30, 10), (10, 5), (3, 2), (0, 0),
    ]

    func make() async throws -> Made {
        let tally = try await census.tally()
        let time = now()
        let interval = settings.interval.components.seconds
        let own = FleetReport.Entry(
            deployment: deployment, route: [], ageSeconds: 0, staleAfterSeconds: 2 * interval + Self.leeway,
            strategy: settings.strategy, tally: tally.told(by: settings.strategy),
            feed: settings.sendsMachineReports ? try await store.machineFeed() : nil)
        let below = try await store.downstreamReports().newestOfEach().filter {
            // What would not be taken: a chain that is too long, and what a downstream claims of this server.
            $0.deployment != deployment && $0.route.count < Route.maximumLength
        }
        var entries: [FleetReport.Entry] = []
        for report in below {
            let strategy = settings.strategy.passing(report.strategy)
            entries.append(
                FleetReport.Entry(
                    deployment: report.deployment, route: report.route,
                    ageSeconds: min(report.age(at: time), FleetBounds.ageLimit),
                    staleAfterSeconds: min(report.staleAfterSeconds + interval, FleetBounds.ageLimit), strategy: strategy,
                    tally: report.tally.told(by: strategy),
                    feed: settings.sendsMachineReports ? try await store.downstreamChangeMark(report.source) : nil))
        }
        let untold = below.reduce(0) { $0 + $1.deploymentsLeftOut }
        let (report, bytes) = try fitting(own, entries, untold: untold, at: time)
        return Made(
            report: report, bytes: bytes, machines: tally.machines,
            sources: Dictionary(below.map { ($0.deployment, $0.source) }) { first, _ in first })
    }

    /// What a sync may take longer than its interval before numbers are called stale, in seconds.
    private static let leeway: Int64 = 300

    /// The most telling report that is no larger than ``FleetBounds/reportBytes``: lines go first, then the oldest deployments.
    private func fitting(
        _ own: FleetReport.Entry, _ below: [FleetReport.Entry], untold: Int, at time: Date
    ) throws -> (FleetReport, [UInt8]) {
        var below = below.sorted { $0.ageSeconds < $1.ageSeconds }
        var leftOut = max(0, below.count + 1 - FleetBounds.deploymentLimit)
        below.removeLast(leftOut)
        while true {
            for size in Self.sizes {
                let entries = ([own] + below).map { $0.bounded(lines: size.lines, failures: size.failures) }
                let report = FleetReport(
                    deployment: deployment, time: time, entries: entries,
                    deploymentsLeftOut: min(untold + leftOut, FleetBounds.machineLimit))
                let bytes = try DocumentCoding.encode(report)
                if bytes.count <= FleetBounds.reportBytes || (below.isEmpty && size.lines == 0) { return (report, bytes) }
            }
            let dropped = (below.count + 1) / 2
            below.removeLast(dropped)
            leftOut += dropped
        }
    }
}

extension FleetReport.Entry {
    fileprivate func bounded(lines: Int, failures: Int) -> FleetReport.Entry {
        FleetReport.Entry(
            deployment: deployment, route: route, ageSeconds: ageSeconds, staleAfterSeconds: staleAfterSeconds,
            strategy: strategy,
            tally: tally.bounded(lines: lines, failures: failures), feed: feed)
    }
}
