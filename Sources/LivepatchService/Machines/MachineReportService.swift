public import LivepatchKit
public import ServiceLifecycle

/// Writes what machines report for as long as the server runs. At the graceful shutdown it writes all that is left: so put it before the
/// ``HTTPService``, which then ends first.
public struct MachineReportService: Service {
    private let batcher: ReportBatcher

    public init(_ batcher: ReportBatcher) { self.batcher = batcher }

    public func run() async throws {
        // Its end is the cancellation; what it then writes is not cancelled.
        await cancelWhenGracefulShutdown { await batcher.run() }
    }
}
