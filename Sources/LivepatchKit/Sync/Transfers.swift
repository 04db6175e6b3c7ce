/// Fetches content into a storage: in parallel, resumed where it was interrupted, hashed on the way, and tried again with patience.
public struct Transfers: Sendable {
    /// How transfers are carried out.
    public struct Settings: Sendable {
        /// The most transfers at a time.
        public var concurrency: Int
        /// How many files that have arrived may wait for the medium while others are fetched: a storage makes many durable together.
        public var settling: Int
        public var retry: RetryPolicy
        /// One bound for all of them.
        public var bandwidth: BandwidthLimiter
        /// After how many attempts in a row that found nobody at the other side, and got no byte, all transfers are given up. Keep it
        /// well above ``concurrency``: when an upstream restarts, every transfer under way fails once.
        public var unreachableLimit: Int

        public init(
            concurrency: Int = 8, settling: Int = 128, retry: RetryPolicy = RetryPolicy(), bandwidth: BandwidthLimiter,
            unreachableLimit: Int = 24
        ) {
            self.concurrency = concurrency
            self.settling = settling
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
        case arrived(Int, PatchFile, any StagedContent)
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
        try await withThrowingTaskGroup(of: Result.self) { group in
            do {
                try await run(in: &group, next: next, report: report)
            } catch {
                group.cancelAll()
                while let result = await group.nextResult() {
                    switch result {
                    case .success(.arrived(_, _, let staged)): await staged.close()
                    case .success(.transferred(_, let file, nil, _)): await report(.done(file))
                    default: break
                    }
                }
                throw error
            }
            group.cancelAll()
        }
    }

    private func run(
        in group: inout ThrowingTaskGroup<Result, any Error>, next: () async throws -> [PatchFile],
        report: @escaping @Sendable (Event) async -> Void
    ) async throws {
        var scheduler = TransferScheduler<PatchFile>(
            concurrency: settings.concurrency, settling: settings.settling, policy: settings.retry)
        var unreachable = 0
        var timerEnds: Duration?
        while true {
            switch scheduler.next(now: elapsed()) {
            case .start(let file, let ticket):
                group.addTask {
                    var gained = false
                    do {
                        return .arrived(ticket, file, try await receive(file, gained: &gained, report))
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
            case .arrived(let ticket, let file, let staged):
                unreachable = 0
                scheduler.arrived(ticket)
                group.addTask {
                    do {
                        try await settle(staged, file, report)
                        return .transferred(ticket, file, error: nil)
                    } catch {
                        return .transferred(ticket, file, error: error, gained: true)
                    }
                }
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
        try await settle(try await receive(file, gained: &gained, watch: watch, report), file, report)
    }

    /// What has come of a file, in the staging area and before it.
    private struct Arriving {
        let staged: any StagedContent
        /// How many bytes are in the staging area.
        var here: Int64
        private var gathered: [UInt8] = []

        init(_ staged: any StagedContent) async {
            self.staged = staged
            here = await staged.arrived
        }

        /// With what was gathered, in bytes.
        var total: Int64 { here + Int64(gathered.count) }

        mutating func gather(_ chunk: [UInt8]) {
            if gathered.isEmpty { gathered = chunk } else { gathered += chunk }
        }

        /// Writes what was gathered.
        mutating func write(_ report: @Sendable (Event) async -> Void) async throws {
            if gathered.isEmpty { return }
            let bytes = gathered
            gathered = []
            try await staged.append(bytes)
            here += Int64(bytes.count)
            await report(.bytes(Int64(bytes.count), fetched: true))
        }
    }

    /// Up to which length a file's bytes are gathered, at most for a second, before they are written: each write has its price, and of a
    /// longer file more would be lost.
    private static let gathering = 256 << 10

    /// Brings all bytes of a file into the staging area, where nothing has been checked yet but their number.
    private func receive(
        _ file: PatchFile, gained: inout Bool, watch: (@Sendable (Sight) async throws -> Void)? = nil,
        _ report: @Sendable (Event) async -> Void
    ) async throws -> any StagedContent {
        var arriving = await Arriving(try await storage.stage(file.digest, length: file.length))
        if arriving.here > 0 { await report(.bytes(arriving.here, fetched: false)) }
        do {
            try await watch?(.began(arriving.staged, arriving.here))
            if arriving.here < file.length {
                let stream = try await upstream.content(of: file, from: arriving.here)
                if stream.offset != arriving.here {
                    guard stream.offset == 0 else {
                        throw LivepatchError(
                            .upstreamMalformed,
                            "The upstream sent \(file.name) from byte \(stream.offset) on instead of \(arriving.here).")
                    }
                    try await arriving.staged.restart()
                    await report(.bytes(-arriving.here, fetched: false))
                    arriving.here = 0
                    try await watch?(.arrived(0))
                }
                var written = elapsed()
                for try await chunk in stream.chunks {
                    try await settings.bandwidth.admit(chunk.count)
                    gained = true
                    arriving.gather(chunk)
                    // Whoever watches is to have it at once, and what is too long is to be refused at once.
                    guard
                        watch != nil || file.length > Self.gathering || arriving.total > file.length
                            || elapsed() - written >= .seconds(1)
                    else { continue }
                    try await arriving.write(report)
                    written = elapsed()
                    try await watch?(.arrived(arriving.here))
                }
                try await arriving.write(report)
                try Task.checkCancellation()
                guard arriving.here >= file.length else {
                    throw LivepatchError(
                        .upstreamUnreachable,
                        "The upstream broke off \(file.name) after \(arriving.here) of \(file.length) bytes.",
                        suggestion: "The next attempt goes on from there.")
                }
            }
            return arriving.staged
        } catch {
            try? await arriving.write(report)
            await letGo(of: arriving.staged, arriving.here, after: error, report)
            throw error
        }
    }

    /// Checks what has arrived of a file, and puts it in its place.
    private func settle(
        _ staged: any StagedContent, _ file: PatchFile, _ report: @Sendable (Event) async -> Void
    ) async throws {
        do {
            try await staged.finish()
        } catch {
            await letGo(of: staged, file.length, after: error, report)
            throw error
        }
    }

    /// - Parameter here: how many bytes were reported.
    private func letGo(
        of staged: any StagedContent, _ here: Int64, after error: any Error, _ report: @Sendable (Event) async -> Void
    ) async {
        // What stays in the staging area is counted again by the attempt that goes on from there.
        if here > 0 { await report(.bytes(-here, fetched: false)) }
        if let code = (error as? LivepatchError)?.code, code == .digestMismatch || code == .lengthMismatch {
            await staged.discard()
        } else {
            await staged.close()
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
