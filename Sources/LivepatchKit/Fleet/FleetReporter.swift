public import FoundationEssentials
public import Logging

/// Tells the upstream after each sync what became of the patches: this server's machines and those of the deployments below.
///
/// What goes wrong fails no sync. It is said in the sync's report, and tried again later: after a failure first after a minute, then
/// after twice as long each time, up to six hours.
public actor FleetReporter {
    public struct Settings: Hashable, Sendable {
        /// How numbers are told (`patch-sync.machine-count-strategy`).
        public var strategy: MachineCountStrategy
        /// Whether machines' reports follow (`patch-sync.send-machine-reports`).
        public var sendsMachineReports: Bool
        /// The time between two syncs: what is older than two of them is stale.
        public var interval: Duration

        public init(
            strategy: MachineCountStrategy = .bucket, sendsMachineReports: Bool = false, interval: Duration = .seconds(3600)
        ) {
            self.strategy = strategy
            self.sendsMachineReports = sendsMachineReports
            self.interval = interval
        }
    }

    private let making: FleetReportMaking
    private let settings: Settings
    private let logger: Logger
    private let now: @Sendable () -> Date
    private var failures = 0
    /// Before then nothing is sent, and what the reason was.
    private var pause: (until: Date, last: FleetDelivery)?

    /// - Parameters:
    ///   - deployment: this server.
    ///   - census: counts its machines.
    ///   - now: the current time.
    public init(
        deployment: DeploymentID, census: FleetCensus, store: any FleetStore, settings: Settings,
        logger: Logger = Logger(label: "livepatch.fleet"), now: @escaping @Sendable () -> Date
    ) {
        making = FleetReportMaking(deployment: deployment, census: census, store: store, settings: settings, now: now)
        self.settings = settings
        self.logger = logger
        self.now = now
    }

    /// Reports after a sync.
    /// - Parameter receiver: the upstream that was synced from; `nil` if it takes no reports.
    /// - Returns: the sync's report, with what became of the fleet's.
    public func report(after sync: SyncReport, to receiver: (any FleetReportReceiver)?) async -> SyncReport {
        var sync = sync
        guard let receiver, Self.isWorthTrying(after: sync), !Task.isCancelled else { return sync }
        let delivery = await deliver(to: receiver)
        sync.fleet = delivery
        if delivery.result == .failed, let message = delivery.message { sync.notes.append(message) }
        return sync
    }

    /// Whether the upstream was there: otherwise the sync has said what there is to say.
    private static func isWorthTrying(after sync: SyncReport) -> Bool {
        let absences: Set<LivepatchError.Code> = [
            .upstreamUnreachable, .upstreamTimeout, .upstreamFailed, .upstreamRefusedToken, .upstreamLoop, .syncNotConfigured,
            .cancelled,
        ]
        return sync.result != .failed || !sync.failures.contains { absences.contains(LivepatchError.Code(rawValue: $0.code)) }
    }

    private func deliver(to receiver: any FleetReportReceiver) async -> FleetDelivery {
        if let pause, now() < pause.until {
            return pause.last.result == .unsupported
                ? pause.last : FleetDelivery(result: .postponed, code: pause.last.code, message: pause.last.message)
        }
        var sent = FleetDelivery(result: .sent)
        do {
            let made = try await making.make()
            sent.bytes = Int64(made.bytes.count)
            guard let receipt = try await receiver.receive(made.report) else {
                logger.debug("The upstream is of a release that takes no fleet reports.")
                return ends(FleetDelivery(result: .unsupported), pausing: .seconds(86_400))
            }
            sent.deployments = receipt.deployments
            if settings.sendsMachineReports {
                var sending = MachineReportSending(store: making.store, receiver: receiver)
                defer {
                    sent.machines = sending.machines
                    sent.bytes += sending.bytes
                }
                try await sending.send(made, receipt)
            }
            failures = 0
            pause = nil
            return sent
        } catch {
            return failed(error, sent)
        }
    }

    private func failed(_ error: any Error, _ sent: FleetDelivery) -> FleetDelivery {
        failures += 1
        let busy = error as? UpstreamBusy
        let own = min(Duration.seconds(60) * (1 << min(failures - 1, 12)), .seconds(6 * 3600))
        let wait = max(own, min(busy?.retryAfter ?? .zero, .seconds(86_400)))
        let told = SyncRun.failure(error)
        let until = now().addingTimeInterval(wait / .seconds(1))
        var failed = sent
        failed.result = .failed
        failed.code = told.code
        failed.message =
            "The report of this server's machines could not be sent: \(told.message) It is tried again with the first sync after \(Timestamp.text(until))."
        return ends(failed, pausing: wait)
    }

    private func ends(_ delivery: FleetDelivery, pausing wait: Duration) -> FleetDelivery {
        pause = (now().addingTimeInterval(wait / .seconds(1)), delivery)
        return delivery
    }
}

/// What became of the report that follows a sync.
public struct FleetDelivery: Hashable, Sendable, Codable {
    public enum Result: String, Sendable, Codable, CaseIterable {
        /// The upstream has it.
        case sent
        /// The upstream is of a release that takes no reports; it is asked again a day later.
        case unsupported
        /// It could not be sent.
        case failed
        /// It was not sent, because it failed a short time ago.
        case postponed
    }

    public var result: Result
    /// The report and the pages of machines' reports, in bytes of JSON.
    public var bytes: Int64
    /// How many deployments' numbers the upstream kept.
    public var deployments: Int
    /// How many machines' reports were sent.
    public var machines: Int
    /// A ``LivepatchError/Code`` and its words, where it failed or had failed before.
    public var code: String?
    public var message: String?

    public init(
        result: Result, bytes: Int64 = 0, deployments: Int = 0, machines: Int = 0, code: String? = nil, message: String? = nil
    ) {
        self.result = result
        self.bytes = bytes
        self.deployments = deployments
        self.machines = machines
        self.code = code
        self.message = message
    }
}
