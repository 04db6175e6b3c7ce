import LivepatchKit
import Metrics

/// What machines say, as counters under the names that the dashboards of Livepatch on-prem read:
///
///     livepatch_patch_ping_events{ping_type, patch_version, kernel, patch_state}
///     livepatch_server_http_cutoff_date_count
///     livepatch_server_http_patch_delay_count
///     livepatch_client_updates_with_unknown_kernel_total
///     livepatch_client_updates_without_build_date_total
///
/// A label has no value that a machine made up: what the catalogue does not know is `other`.
struct MachineMeter: Sendable {
    static let pings = "livepatch_patch_ping_events"

    private let factory: any MetricsFactory
    private let cutoffDates: Counter
    private let patchDelays: Counter
    private let unknownKernels: Counter
    private let missingBuildDates: Counter

    init(_ factory: any MetricsFactory) {
        self.factory = factory
        cutoffDates = Counter(label: "livepatch_server_http_cutoff_date_count", factory: factory)
        patchDelays = Counter(label: "livepatch_server_http_patch_delay_count", factory: factory)
        unknownKernels = Counter(label: "livepatch_client_updates_with_unknown_kernel_total", factory: factory)
        missingBuildDates = Counter(label: "livepatch_client_updates_without_build_date_total", factory: factory)
    }

    /// Counts a check-in.
    func count(_ report: MachineReport, isKernelKnown: Bool) {
        if report.cutoffDate != nil { cutoffDates.increment() }
        if report.patchDelaySeconds != nil { patchDelays.increment() }
        if !isKernelKnown { unknownKernels.increment() }
        if report.kernelBuildDate == nil { missingBuildDates.increment() }
    }

    /// Counts a ping.
    func count(_ ping: MachinePing, isKernelKnown: Bool, isVersionKnown: Bool) {
        Counter(
            label: Self.pings,
            dimensions: [
                ("ping_type", ping.pingType.rawValue), ("patch_version", isVersionKnown ? "\(ping.patchVersion)" : "other"),
                ("kernel", isKernelKnown ? "\(ping.kernel)" : "other"), ("patch_state", ping.patchState.rawValue),
            ], factory: factory
        ).increment()
    }
}
