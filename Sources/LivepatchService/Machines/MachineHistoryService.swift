public import LivepatchKit
public import Logging
public import ServiceLifecycle

/// Forgets again and again what machines reported long ago.
public struct MachineHistoryService: Service {
    private let cleaner: MachineHistoryCleaner
    private let interval: Duration
    private let logger: Logger
    private let sleep: @Sendable (Duration) async throws -> Void
    private let jitter: @Sendable () -> Double

    /// - Parameters:
    ///   - interval: from one clean-up to the next, give or take a tenth; the first is after a minute, or the interval if that is shorter.
    ///   - sleep: waits, and throws when it is cancelled.
    ///   - jitter: random numbers from 0 to 1.
    public init(
        _ cleaner: MachineHistoryCleaner, interval: Duration, logger: Logger,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
        jitter: @escaping @Sendable () -> Double = { Double.random(in: 0...1) }
    ) {
        self.cleaner = cleaner
        self.interval = interval
        self.logger = logger
        self.sleep = sleep
        self.jitter = jitter
    }

    public func run() async throws {
        try? await cancelWhenGracefulShutdown {
            var pause = min(interval, .seconds(60))
            while !Task.isCancelled {
                try await sleep(pause * (0.9 + 0.2 * jitter()))
                await clean()
                pause = interval
            }
        }
    }

    private func clean() async {
        do {
            let count = try await cleaner.clean()
            if count > 0 { logger.info("Forgot what machines reported long ago.", metadata: ["reports": "\(count)"]) }
        } catch {
            if !Task.isCancelled { logger.error("What machines reported long ago cannot be forgotten: \(error)") }
        }
    }
}
