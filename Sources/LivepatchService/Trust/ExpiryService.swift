import FoundationEssentials
public import LivepatchKit
public import Logging
public import Metrics
public import ServiceLifecycle

/// Looks again and again at when certificates and what is signed expire, shows it as metrics, and says so in the log: once when something comes
/// nearer to its end, and each time once it has expired.
public struct ExpiryService: Service {
    private let trust: TrustInspection
    private let certificates: @Sendable () -> [ExpiringCertificate]
    private let logger: Logger
    private let metrics: any MetricsFactory
    private let interval: Duration
    private let sleep: @Sendable (Duration) async throws -> Void
    private let jitter: @Sendable () -> Double

    /// - Parameters:
    ///   - certificates: those that have to be renewed in time.
    ///   - metrics: where the gauges are made; by default what the process was given (`MetricsSystem`).
    ///   - interval: from one look to the next, give or take a tenth; the first is after a minute.
    ///   - sleep: waits, and throws when it is cancelled.
    ///   - jitter: random numbers from 0 to 1.
    public init(
        trust: TrustInspection, certificates: @escaping @Sendable () -> [ExpiringCertificate] = { [] }, logger: Logger,
        metrics: any MetricsFactory = MetricsSystem.factory,
        interval: Duration = .seconds(3600),
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
        jitter: @escaping @Sendable () -> Double = { Double.random(in: 0...1) }
    ) {
        self.trust = trust
        self.certificates = certificates
        self.logger = logger
        self.metrics = metrics
        self.interval = interval
        self.sleep = sleep
        self.jitter = jitter
    }

    public func run() async throws {
        try? await cancelWhenGracefulShutdown {
            var told: [String: ExpiryState] = [:]
            var gauges = ExpiryGauges(metrics)
            // What has expired while the server was stopped comes anew with the first sync.
            var pause = min(interval, .seconds(60))
            while !Task.isCancelled {
                try await sleep(pause * (0.9 + 0.2 * jitter()))
                told = await look(since: told, &gauges)
                pause = interval
            }
        }
    }

    /// Shows what is, and tells what is news.
    /// - Parameter told: the state of each subject at the last look.
    private func look(since told: [String: ExpiryState], _ gauges: inout ExpiryGauges) async -> [String: ExpiryState] {
        let status: TrustStatus
        do {
            status = try await trust.status()
        } catch {
            if !Task.isCancelled { logger.error("Whether signed metadata expires cannot be found out: \(error)") }
            return told
        }
        let certificates = certificates()
        gauges.show(status, certificates)
        let warnings =
            certificates.compactMap { $0.warning(at: status.time) } + status.warnings.map { ($0.state, $0.subject, $0.message) }
        for warning in warnings where warning.state == .expired || warning.state > told[warning.subject] ?? .good {
            logger.log(
                level: warning.state == .expired ? .error : .warning, "\(warning.message)",
                metadata: ["expiry": "\(warning.state.rawValue)"])
        }
        return Dictionary(warnings.map { ($0.subject, $0.state) }) { max($0, $1) }
    }
}
