public import ServiceLifecycle

/// Refreshes a server's gauges again and again, so that they are there for whoever looks first, and for backends of swift-metrics that
/// look by themselves.
public struct MetricsService: Service {
    private let gauges: ServerGauges
    private let interval: Duration
    private let sleep: @Sendable (Duration) async throws -> Void

    /// - Parameters:
    ///   - interval: from one refresh to the next.
    ///   - sleep: waits, and throws when it is cancelled.
    public init(
        _ gauges: ServerGauges, interval: Duration = .seconds(15),
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.gauges = gauges
        self.interval = interval
        self.sleep = sleep
    }

    public func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await gauges.refreshAll()
                try await sleep(interval)
            }
        }
    }
}
