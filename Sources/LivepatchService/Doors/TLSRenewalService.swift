public import FoundationEssentials
import LivepatchKit
public import Logging
public import ServiceLifecycle

/// Looks at the files of certificate and key again and again, so that a renewed certificate is served without a restart.
public struct TLSRenewalService: Service {
    private let tls: ServerTLS
    private let logger: Logger
    private let interval: Duration
    private let sleep: @Sendable (Duration) async throws -> Void
    private let now: @Sendable () -> Date

    /// - Parameters:
    ///   - interval: from one look to the next. Files are taken up once they have not changed from one to the next.
    ///   - sleep: waits, and throws when it is cancelled.
    public init(
        _ tls: ServerTLS, logger: Logger, interval: Duration = .seconds(5),
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
        now: @escaping @Sendable () -> Date
    ) {
        self.tls = tls
        self.logger = logger
        self.interval = interval
        self.sleep = sleep
        self.now = now
    }

    public func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try await sleep(interval)
                await look()
            }
        }
    }

    /// Looks now, and says what came of it.
    /// - Parameter isAsked: whether somebody says that the files are complete.
    public func look(isAsked: Bool = false) async {
        let (tls, time) = (tls, now())
        guard let renewal = try? await BlockingWork.run({ tls.look(now: time, isAsked: isAsked) }) else { return }
        switch renewal {
        case .unchanged: break
        case .renewed(let subject, let validUntil):
            logger.notice(
                "New connections have a new TLS certificate.",
                metadata: ["subject": "\(subject)", "expires": "\(Timestamp.text(validUntil))"])
        case .refused(let error):
            logger.error("The TLS certificate was not renewed, and the one in force stays: \(error)")
        }
    }
}
