/// Fetches content into a storage: in parallel, resumed where it was interrupted, hashed on the way, and tried again with patience.
public struct Transfers: Sendable {
    /// How transfers are carried out.
    public struct Settings: Sendable {
        /// The most transfers at a time.
        public var concurrency: Int
        public var retry: RetryPolicy
        /// One bound for all of them.
        public var bandwidth: BandwidthLimiter
        /// After how many attempts in a row that found nobody at the other side, and got no byte, all transfers are given up. Keep it
        /// well above ``concurrency``: when an upstream restarts, every transfer under way fails once.
        public var unreachableLimit: Int

        public init(
            concurrency: Int = 8, retry: RetryPolicy = RetryPolicy(), bandwidth: BandwidthLimiter, unreachableLimit: Int = 24
        ) {
            self.concurrency = concurrency
            self.retry = retry
            self.bandwidth = bandwidth
            self.unreachableLimit = unreachableLimit
        }
    }

    /// What happens, as it happens.
    public enum Event: Sendable {
        /// Bytes that are here, whether they were fetched now or lay in the staging area. Negative when the attempt has failed.
        case bytes(Int64, fetched: Bool)
        case done(PatchFile)
        case failed(PatchFile, LivepatchError)
    }

    private let upstream: any UpstreamServer
    private let storage: any PatchStorage
    private let settings: Settings
    private let clock: any Clock<Duration>
    private let elapsed: @Sendable () -> Duration
    private let jitter: @Sendable () -> Double

    /// - Parameters:
    ///   - clock: what waits.
    ///   - jitter: random numbers from 0 to 1.
    public init<C: Clock>(
        upstream: any UpstreamServer, storage: any PatchStorage, settings: Settings, clock: C = ContinuousClock(),
        jitter: @escaping @Sendable () -> Double = { Double.random(in: 0...1) }
    ) where C.Duration == Duration {
        self.upstream = upstream
        self.storage = storage
        self.settings = settings
        self.clock = clock
        self.jitter = jitter
        let start = clock.now
        elapsed = { start.duration(to: clock.now) }
    }

    private enum Result: Sendable {
        case transferred(Int, PatchFile, error: (any Error)?, gained: Bool = false)
        case timePassed
    }

    /// Fetches files. What cannot be had does not stop the rest.
    /// - Parameters:
    ///   - next: more files to fetch; empty when there are no more. Files of the same content must not be under way together.
    ///   - report: told of everything.
    /// - Throws: what makes all further transfers pointless: a full storage, a refused token, an upstream that is gone, cancellation.
    ///   What has arrived until then stays.
    public func run(
        next: () async throws -> [PatchFile], report: @escaping @Sendable (Event) async -> Void
    ) async throws {
        var scheduler = TransferScheduler<PatchFile>(concurrency: settings.concurrency, policy: settings.retry)
        var unreachable = 0
        try await withThrowingTaskGroup(of: Result.self) { group in
            var timerEnds: Duration?
            defer { group.cancelAll() }
            while true {
                switch scheduler.next(now: elapsed()) {
                case .start(let file, let ticket):
                    group.addTask {
                        var gained = false
                        do {
                            try await fetch(file, gained: &gained, report)
                            return .transferred(ticket, file, error: nil)
                        } catch {
                            return .transferred(ticket, file, error: error, gained: gained)
                        }
                    }
                    continue
                case .needMore:
                    let files = try await next()
                    files.isEmpty ? scheduler.close() : scheduler.enqueue(files)
                    continue
                case .wait(let time):
                    if timerEnds.map({ $0 > time }) ?? true {
                        timerEnds = time
                        let pause = time - elapsed()
                        let clock = clock
                        group.addTask {
                            try await clock.sleep(for: pause)
                            return .timePassed
                        }
                    }
                case .waitForTransfers: break
                case .finished: return
                }
                switch try await group.next() {
                case .transferred(let ticket, let file, nil, _):
                    unreachable = 0
                    scheduler.succeeded(ticket)
                    await report(.done(file))
                case .transferred(let ticket, let file, let error?, let gained):
                    let failure = TransferFailure(error)
                    if failure.isFatal { throw failure.error }
                    unreachable = failure.isUnreachable && !gained ? unreachable + 1 : 0
                    if unreachable >= settings.unreachableLimit { throw failure.error }
                    let verdict = scheduler.failed(
                        ticket, retryAfter: failure.retryAfter, isRetryable: failure.isRetryable, now: elapsed(), jitter: jitter()
                    )
                    if verdict == .givenUp { await report(.failed(file, failure.error)) }
                case .timePassed, nil:
                    timerEnds = nil
                }
            }
        }
    }

    /// What happens to a transfer that somebody watches.
    enum Sight: Sendable {
        /// An attempt begins; so many bytes are here already.
        case began(any StagedContent, Int64)
        /// So many bytes are here now.
        case arrived(Int64)
    }

    /// Fetches one file that somebody is waiting for: it is tried a few times, but nobody is made to wait because the upstream asks for
    /// patience, or for long because it cannot be reached.
    /// - Throws: ``UpstreamBusy`` if the upstream asks for patience, and the ``LivepatchError``s of transfers.
    func fetch(_ file: PatchFile, watch: @escaping @Sendable (Sight) async throws -> Void) async throws {
        var policy = settings.retry
        policy.attempts = min(policy.attempts, 3)
        policy.maximum = min(policy.maximum, .seconds(2))
        var failures = 0
        while true {
            // Another task or process may have fetched it meanwhile.
            if try await storage.length(of: file.digest) == file.length { return }
            var gained = false
            do {
                return try await fetch(file, gained: &gained, watch: watch) { _ in }
            } catch let busy as UpstreamBusy {
                throw busy
            } catch {
                let failure = TransferFailure(error)
                failures += 1
                guard failure.isRetryable, !failure.isFatal,
                    let delay = policy.delay(afterAttempt: failures, retryAfter: nil, jitter: jitter())
                else { throw failure.error }
                try await clock.sleep(for: delay)
            }
        }
    }

    /// Tries something small a few times: less often than a transfer, since nothing has been gained yet that could be lost.
    func patiently<Value: Sendable>(_ read: () async throws -> Value) async throws -> Value {
        var policy = settings.retry
        policy.attempts = min(policy.attempts, 3)
        var failures = 0
        while true {
            do {
                return try await read()
            } catch {
                let failure = TransferFailure(error)
                failures += 1
                guard failure.isRetryable, !failure.isFatal,
                    let delay = policy.delay(afterAttempt: failures, retryAfter: failure.retryAfter, jitter: jitter())
                else { throw failure.error }
                try await clock.sleep(for: delay)
            }
        }
    }

    /// - Parameter gained: becomes true with the first byte that arrives.
    private func fetch(
        _ file: PatchFile, gained: inout Bool, watch: (@Sendable (Sight) async throws -> Void)? = nil,
        _ report: @Sendable (Event) async -> Void
    ) async throws {
        let staged = try await storage.stage(file.digest, length: file.length)
        var here = await staged.arrived
        if here > 0 { await report(.bytes(here, fetched: false)) }
        do {
            try await watch?(.began(staged, here))
            if here < file.length {
                let stream = try await upstream.content(of: file, from: here)
                if stream.offset != here {
                    guard stream.offset == 0 else {
                        throw LivepatchError(
                            .upstreamMalformed, "The upstream sent \(file.name) from byte \(stream.offset) on instead of \(here)."
                        )
                    }
                    try await staged.restart()
                    await report(.bytes(-here, fetched: false))
                    here = 0
                    try await watch?(.arrived(here))
                }
                for try await chunk in stream.chunks {
                    try await settings.bandwidth.admit(chunk.count)
                    try await staged.append(chunk)
                    here += Int64(chunk.count)
                    gained = true
                    await report(.bytes(Int64(chunk.count), fetched: true))
                    try await watch?(.arrived(here))
                }
                try Task.checkCancellation()
                guard here >= file.length else {
                    throw LivepatchError(
                        .upstreamUnreachable,
                        "The upstream broke off \(file.name) after \(here) of \(file.length) bytes.",
                        suggestion: "The next attempt goes on from there.")
                }
            }
            try await staged.finish()
        } catch {
            // What stays in the staging area is counted again by the attempt that goes on from there.
            if here > 0 { await report(.bytes(-here, fetched: false)) }
            if let code = (error as? LivepatchError)?.code, code == .digestMismatch || code == .lengthMismatch {
                await staged.discard()
            } else {
                await staged.close()
            }
            throw error
        }
    }
}

/// What a failed transfer means for it and for the others.
struct TransferFailure {
    let error: LivepatchError
    let retryAfter: Duration?

    init(_ error: any Error) {
        switch error {
        case let busy as UpstreamBusy: (self.error, retryAfter) = (busy.error, busy.retryAfter)
        case let error as LivepatchError: (self.error, retryAfter) = (error, nil)
        case is CancellationError: (self.error, retryAfter) = (LivepatchError(.cancelled, "The transfer was cancelled."), nil)
        default: (self.error, retryAfter) = (LivepatchError(.upstreamFailed, "The transfer failed: \(error).", cause: error), nil)
        }
    }

    var isFatal: Bool {
        [.storageFull, .storageUnavailable, .upstreamRefusedToken, .cancelled].contains(error.code)
    }

    var isUnreachable: Bool { error.code == .upstreamUnreachable || error.code == .upstreamTimeout }

    var isRetryable: Bool {
        [.upstreamUnreachable, .upstreamTimeout, .upstreamFailed, .digestMismatch, .lengthMismatch, .storageBusy].contains(
            error.code)
    }
}
