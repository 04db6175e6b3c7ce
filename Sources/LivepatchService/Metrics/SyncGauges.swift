import FoundationEssentials
import LivepatchKit
import Metrics

/// How the syncs of a server do.
struct SyncGauges: GaugeGroup {
    static let enabled = "livepatch_server_sync_enabled"
    static let result = "livepatch_server_sync_last_result"
    static let age = "livepatch_server_sync_age_seconds"
    static let lag = "livepatch_server_sync_lag_seconds"
    static let duration = "livepatch_server_sync_last_duration_seconds"
    static let failures = "livepatch_server_sync_last_failures"
    static let syncs = "livepatch_server_syncs_total"
    static let propagation = "livepatch_server_sync_propagation_seconds"
    static let transferredFiles = "livepatch_server_sync_transferred_files_total"
    static let transferredBytes = "livepatch_server_sync_transferred_bytes_total"

    private let status: SyncStatus
    private let factory: any MetricsFactory
    private let files: Counter
    private let bytes: Counter
    private let propagation: Metrics.Timer
    private var panels: (enabled: Panel, result: Panel, age: Panel, lag: Panel, duration: Panel, failures: Panel)
    /// The last report that is counted; `nil` before the first look, which counts nothing: counters begin with the server.
    private var counted: Int64?

    init(_ status: SyncStatus, _ factory: any MetricsFactory) {
        self.status = status
        self.factory = factory
        files = Counter(label: Self.transferredFiles, factory: factory)
        propagation = Metrics.Timer(label: Self.propagation, factory: factory)
        bytes = Counter(label: Self.transferredBytes, factory: factory)
        for result in SyncReport.Result.allCases { Self.counter(result, factory).increment(by: 0) }
        panels = (
            Panel(Self.enabled, factory), Panel(Self.result, by: ["result"], factory), Panel(Self.age, factory),
            Panel(Self.lag, factory), Panel(Self.duration, factory), Panel(Self.failures, factory)
        )
    }

    mutating func refresh(at time: Date) async throws {
        panels.enabled.show(status.coordinator == nil ? 0 : 1)
        panels.lag.show(try await status.lag(at: time))
        let recent = try await status.reports.reports(limit: counted == nil ? 1 : 50)
        for report in recent where report.id > counted ?? .max { count(report) }
        counted = recent.first?.id ?? counted ?? 0
        guard let last = recent.first else { return }
        panels.result.show(
            Dictionary(
                uniqueKeysWithValues: SyncReport.Result.allCases.map { ([$0.rawValue], $0 == last.result ? 1 : 0) }))
        panels.duration.show(max(0, last.ended.timeIntervalSince(last.started)))
        panels.failures.show(Double(last.failures.count))
        panels.age.show(try await status.lastSuccess().map { max(0, time.timeIntervalSince($0.ended)) })
    }

    private func count(_ report: SyncReport) {
        Self.counter(report.result, factory).increment()
        files.increment(by: Int64(report.files))
        bytes.increment(by: report.bytes)
        if let seconds = report.propagationSeconds { propagation.recordNanoseconds(Int64(min(seconds, 1e9) * 1e9)) }
    }

    private static func counter(_ result: SyncReport.Result, _ factory: any MetricsFactory) -> Counter {
        Counter(label: syncs, dimensions: [("result", result.rawValue)], factory: factory)
    }
}
