/// The side of an upstream that takes reports from below, beside ``UpstreamServer``.
///
/// Implementations do not retry. Errors are those of ``UpstreamServer``.
public protocol FleetReportReceiver: Sendable {
    /// Hands over a report.
    /// - Returns: `nil` if the upstream is of a release that takes no reports.
    func receive(_ report: FleetReport) async throws -> FleetReceipt?
    /// Hands over a page of machines' reports of a deployment that has been reported.
    /// - Returns: how far the upstream has come; `nil` if it is of a release that takes none.
    func receive(_ page: MachinePage) async throws -> FleetReceipt.Feed?
}
