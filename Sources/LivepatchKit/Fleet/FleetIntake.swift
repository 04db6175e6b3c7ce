public import FoundationEssentials
public import Logging

/// Takes what downstreams report of their machines, checks it, and keeps it.
public struct FleetIntake: Sendable {
    private let deployment: DeploymentID
    private let store: any FleetStore
    private let logger: Logger
    private let now: @Sendable () -> Date

    /// - Parameters:
    ///   - deployment: this server.
    ///   - now: the current time.
    public init(
        deployment: DeploymentID, store: any FleetStore, logger: Logger = Logger(label: "livepatch.fleet"),
        now: @escaping @Sendable () -> Date
    ) {
        self.deployment = deployment
        self.store = store
        self.logger = logger
        self.now = now
    }

    /// Keeps a report.
    ///
    /// What names this server, the reporter once more, or a deployment twice is passed over: that is a loop, or a downstream that
    /// claims to be somebody else.
    /// - Parameter token: the sync token that it came with. Reports that came with another one stay as they are.
    /// - Throws: ``LivepatchError`` with the code `malformed-request` for a report beyond ``FleetBounds``, and for one that a
    ///   deployment makes that is this one.
    public func receive(_ report: FleetReport, with token: SyncToken) async throws -> FleetReceipt {
        guard report.deployment != deployment else {
            throw Self.malformed("it is of the deployment \(deployment), which is this server itself")
        }
        try Self.check(report)
        let received = now()
        var reports: [DownstreamReport] = []
        var known: Set<DeploymentID> = [deployment]
        for entry in report.entries {
            let isOwn = entry.deployment == report.deployment
            guard isOwn == entry.route.isEmpty, !entry.route.contains(deployment), !entry.route.contains(report.deployment),
                known.insert(entry.deployment).inserted
            else {
                logger.notice(
                    "A downstream's report names a deployment that it cannot tell of; its numbers are passed over.",
                    metadata: ["reporter": "\(report.deployment)", "deployment": "\(entry.deployment)", "token": "\(token.name)"])
                continue
            }
            reports.append(
                DownstreamReport(
                    token: token.name, route: [report.deployment] + entry.route,
                    asOf: received.addingTimeInterval(-Double(entry.ageSeconds)), staleAfterSeconds: entry.staleAfterSeconds,
                    strategy: entry.strategy, tally: entry.tally,
                    deploymentsLeftOut: isOwn ? report.deploymentsLeftOut : 0, feed: entry.feed))
        }
        try await store.replaceDownstreamReports(reports, token: token.name, reporter: report.deployment, received: received)
        var feeds: [FleetReceipt.Feed] = []
        for kept in reports where kept.feed != nil {
            let state = try await store.downstreamFeed(kept.source)
            feeds.append(FleetReceipt.Feed(deployment: kept.deployment, mark: state?.mark, machines: state?.machines ?? 0))
        }
        return FleetReceipt(deployments: reports.count, feeds: feeds)
    }

    /// Keeps a page of machines' reports.
    /// - Parameter reporter: the deployment that hands it over.
    /// - Returns: how far they have come.
    /// - Throws: ``LivepatchError`` with the codes `malformed-request` (that deployment was not reported before) and
    ///   `request-too-large`.
    public func receive(_ page: MachinePage, from reporter: DeploymentID, with token: SyncToken) async throws -> FleetReceipt.Feed
    {
        let source = DownstreamSource(token: token.name, reporter: reporter, deployment: page.header.deployment)
        var bounded: [Machine] = []
        for machine in page.machines { bounded.append(machine.bounded) }
        guard let state = try await store.keep(MachinePage(header: page.header, machines: bounded), from: source) else {
            throw LivepatchError(
                .malformedRequest,
                "The deployment \(page.header.deployment) was not reported by \(reporter) with this sync token.",
                suggestion: "A fleet report has to come before machines' reports.")
        }
        return FleetReceipt.Feed(deployment: page.header.deployment, mark: state.mark, machines: state.machines)
    }

    // MARK: Bounds

    private static func malformed(_ reason: String) -> LivepatchError {
        LivepatchError(.malformedRequest, "The fleet report is not taken: \(reason).")
    }

    private static func check(_ report: FleetReport) throws {
        guard report.entries.count <= FleetBounds.deploymentLimit else {
            throw malformed("it tells of \(report.entries.count) deployments, and \(FleetBounds.deploymentLimit) are taken")
        }
        guard report.entries.first?.deployment == report.deployment else {
            throw malformed("its first entry is not that of \(report.deployment), which makes it")
        }
        guard (0...FleetBounds.machineLimit).contains(report.deploymentsLeftOut) else {
            throw malformed("a number in it is not one that can be believed")
        }
        for entry in report.entries { try check(entry) }
    }

    private static func check(_ entry: FleetReport.Entry) throws {
        let whose = "of the deployment \(entry.deployment)"
        guard entry.route.count < Route.maximumLength, Set(entry.route).count == entry.route.count,
            entry.route.isEmpty || entry.route.last == entry.deployment
        else {
            throw malformed(
                "the route \(whose) is not one of at most \(Route.maximumLength) different deployments that ends there")
        }
        guard (0...FleetBounds.ageLimit).contains(entry.ageSeconds), (0...FleetBounds.ageLimit).contains(entry.staleAfterSeconds)
        else { throw malformed("the age \(whose) is not one that can be believed") }
        guard entry.tally.lines.count <= FleetBounds.lineLimit, entry.tally.failures.count <= FleetBounds.failureLimit else {
            throw malformed(
                "the tally \(whose) has more than \(FleetBounds.lineLimit) lines or \(FleetBounds.failureLimit) messages")
        }
        guard entry.feed.map({ $0.epoch.isName(of: .alphanumerics, atMost: 64) && $0.sequence >= 0 }) ?? true else {
            throw malformed("the feed \(whose) is not a place in a sequence")
        }
        guard entry.tally.numbers.allSatisfy({ (0...FleetBounds.machineLimit).contains($0) }) else {
            throw malformed("a number \(whose) is not from 0 to \(FleetBounds.machineLimit)")
        }
        guard entry.tally.failures.allSatisfy({ $0.message.utf8.count <= FleetBounds.messageLimit }) else {
            throw malformed("a message \(whose) is longer than \(FleetBounds.messageLimit) bytes")
        }
    }
}

extension FleetTally {
    /// Every number in it.
    fileprivate var numbers: [Int] {
        [
            machines, current, machinesLeftOut, presence.hour, presence.day, presence.week, presence.older, presence.never,
            presence.silent,
        ] + lines.map(\.machines) + failures.map(\.machines)
    }
}

extension Machine {
    /// The longest label that is kept of a machine below, and how many of them, in bytes.
    private static let tagLimit = 32

    /// This machine as it is kept of a deployment below: texts cut.
    fileprivate var bounded: Machine {
        var bounded = self
        bounded.authToken = FleetBounds.cut(authToken, to: 256)
        bounded.tags = tags.prefix(Self.tagLimit).map { FleetBounds.cut($0, to: 128) }
        bounded.report?.cpuModel = report?.cpuModel.map { FleetBounds.cut($0, to: FleetBounds.messageLimit) }
        bounded.report?.message = report?.message.map { FleetBounds.cut($0, to: MachineReport.textLimit) }
        bounded.report?.clientVersion = report?.clientVersion.map { FleetBounds.cut($0, to: FleetBounds.messageLimit) }
        bounded.report?.codename = report?.codename.map { FleetBounds.cut($0, to: FleetBounds.messageLimit) }
        return bounded
    }
}
