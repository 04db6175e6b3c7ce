public import FoundationEssentials
public import Logging
import Synchronization

/// How it is with listening to one upstream.
public struct UpstreamListening: Hashable, Sendable, Codable {
    /// Its address, without credentials.
    public var upstream: String
    /// Since when changes are announced; `nil` while they are not.
    public var since: Date?
    /// Why they are not, in the words of the error.
    public var problem: String?

    public init(upstream: String, since: Date? = nil, problem: String? = nil) {
        self.upstream = upstream
        self.since = since
        self.problem = problem
    }
}

/// Holds a request open at one upstream, and tells when it announces a view that is not here yet: a downstream then syncs, a machine
/// checks in.
///
/// The interval between those stays: it is what remains when nothing is announced.
public final class UpstreamListener: Sendable {
    private let upstream: any HeadAnnouncer
    private let has: @Sendable (String) async throws -> Bool
    private let schedule: ReconnectSchedule
    private let logger: Logger
    private let sleep: @Sendable (Duration) async throws -> Void
    private let jitter: @Sendable () -> Double
    private let now: @Sendable () -> Date
    private let heard: @Sendable (any HeadAnnouncer) async -> Void
    private let current = Mutex<(since: Date?, problem: String?)>((nil, nil))

    /// - Parameters:
    ///   - has: whether the view with that tag is here already.
    ///   - sleep: waits, and throws when it is cancelled.
    ///   - jitter: random numbers from 0 to 1.
    ///   - now: the current time.
    ///   - heard: called when there is something new at the upstream. Nothing more is heard before it returns.
    public init(
        to upstream: any HeadAnnouncer, schedule: ReconnectSchedule = ReconnectSchedule(), logger: Logger,
        has: @escaping @Sendable (_ tag: String) async throws -> Bool,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
        jitter: @escaping @Sendable () -> Double = { Double.random(in: 0...1) },
        now: @escaping @Sendable () -> Date = { Date() },
        heard: @escaping @Sendable (any HeadAnnouncer) async -> Void
    ) {
        self.upstream = upstream
        self.has = has
        self.schedule = schedule
        self.logger = logger
        self.sleep = sleep
        self.jitter = jitter
        self.now = now
        self.heard = heard
    }

    /// How it is now.
    public func state() async -> UpstreamListening {
        let (since, problem) = current.withLock { $0 }
        return UpstreamListening(upstream: await upstream.address(), since: since, problem: problem)
    }

    /// Listens until the task is cancelled.
    public func run() async {
        let metadata: Logger.Metadata = ["upstream": "\(await upstream.address())"]
        var failures = 0
        var last: String?
        while !Task.isCancelled {
            var retryAfter: Duration?
            var isAbsent = false
            do {
                for try await tag in try await upstream.headTags() {
                    if failures > 0 { logger.info("Listening again.", metadata: metadata) }
                    failures = 0
                    current.withLock { $0 = ($0.since ?? now(), nil) }
                    guard tag != last else { continue }
                    last = tag
                    if try await has(tag) { continue }
                    logger.debug("The upstream announces something new.", metadata: metadata)
                    await heard(upstream)
                }
            } catch {
                if Task.isCancelled { return }
                let busy = error as? UpstreamBusy
                retryAfter = busy?.retryAfter
                isAbsent = (error as? LivepatchError)?.code == .upstreamLacks
                failures += 1
                current.withLock { $0 = (nil, "\(busy?.error ?? error)") }
                // The first of many: while it is away, the syncs say so, too.
                let level: Logger.Level = failures == 1 && !isAbsent ? .info : .debug
                logger.log(
                    level: level, "Not listening to the upstream: \(busy?.error ?? error)",
                    metadata: metadata)
            }
            let pause = schedule.pause(afterFailures: failures, isAbsent: isAbsent, retryAfter: retryAfter, jitter: jitter())
            guard (try? await sleep(pause)) != nil else { return }
        }
    }
}
