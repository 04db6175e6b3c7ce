public import LivepatchKit
public import ServiceLifecycle

/// Has the keys of an identity provider fetched: at once, and then again and again.
public struct IdentityRefreshService: Service {
    /// How soon it is tried again after a failure, at the latest.
    private static let patience = Duration.seconds(60)

    private let provider: any IdentityProvider
    private let interval: Duration
    private let sleep: @Sendable (Duration) async throws -> Void

    /// - Parameters:
    ///   - interval: from one time to the next.
    ///   - sleep: waits, and throws when it is cancelled.
    public init(
        _ provider: any IdentityProvider, interval: Duration,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.provider = provider
        self.interval = interval
        self.sleep = sleep
    }

    public func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await provider.refresh()
                try await sleep(await provider.fault() == nil ? interval : min(interval, Self.patience))
            }
        }
    }
}
