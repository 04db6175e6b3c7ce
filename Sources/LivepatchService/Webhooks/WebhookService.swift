public import LivepatchKit
public import Logging
public import ServiceLifecycle

/// Tells webhooks what happens until the server stops. What is under way then is told again at the next start.
public struct WebhookService: Service {
    private let dispatcher: WebhookDispatcher
    private let administration: WebhookAdministration
    private let logger: Logger
    private let interval: Duration
    private let sleep: @Sendable (Duration) async throws -> Void

    /// - Parameters:
    ///   - interval: from one look for news to the next.
    ///   - sleep: waits, and throws when it is cancelled.
    public init(
        dispatcher: WebhookDispatcher, administration: WebhookAdministration, logger: Logger, interval: Duration = .seconds(1),
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) {
        self.dispatcher = dispatcher
        self.administration = administration
        self.logger = logger
        self.interval = interval
        self.sleep = sleep
    }

    public func run() async throws {
        do {
            try await administration.forgetStraySecrets()
        } catch {
            logger.warning("Secrets of webhooks that are gone cannot be removed: \(error)")
        }
        await cancelWhenGracefulShutdown {
            await dispatcher.run { try await sleep(interval) }
        }
    }
}
