public import Logging

/// Fetches content from the upstream when somebody asks for it: each content once, however many ask at the same time, and a bounded
/// number of them at a time.
///
/// A fetch belongs to nobody who asks: whoever leaves stops it for nobody, and what has arrived stays for the next attempt, also over a
/// restart. It waits for no lock on the storage: the catalogue refers to what is fetched already, so that nobody collects it.
public actor ContentFetcher {
    /// How fetches are carried out.
    public struct Settings: Sendable {
        /// The most fetches at a time, 1 or more.
        public var concurrency: Int
        /// How long nothing is tried again after it failed, if the upstream does not say so.
        public var pause: Duration
        /// The longest such time, whatever the upstream says.
        public var longestPause: Duration

        public init(concurrency: Int, pause: Duration = .seconds(5), longestPause: Duration = .seconds(60)) {
            self.concurrency = max(1, concurrency)
            self.pause = pause
            self.longestPause = longestPause
        }
    }

    /// Why somebody asks.
    public enum Urgency: Hashable, Sendable {
        /// Somebody waits for the content.
        case waited
        /// Somebody may ask for it later.
        case ahead
    }

    /// What fetches have come to since the server's start.
    public struct Tally: Hashable, Sendable {
        /// Fetches that brought their content, those that failed, and the bytes of the former.
        public var fetched = 0
        public var failed = 0
        public var bytes: Int64 = 0
        /// Requests that had to wait for a fetch, and those of them that one was under way for already.
        public var requests = 0
        public var joined = 0
        /// Fetches at this moment, and those that wait for their turn.
        public var active = 0
        public var queued = 0

        public init() {}
    }

    private struct Flight {
        let arrival: ContentArrival
        var urgency: Urgency
        var task: Task<Void, Never>?
    }

    private struct Refusal {
        let error: LivepatchError
        let until: Duration
    }

    private let transfers: Transfers
    private let storage: any PatchStorage
    private let catalog: any Catalog
    private let settings: Settings
    private let logger: Logger
    private let elapsed: @Sendable () -> Duration
    private var flights: [SHA256Digest: Flight] = [:]
    /// In the order in which they were asked for.
    private var queue: [SHA256Digest] = []
    private var active = 0
    private var counts = Tally()
    /// What failed a moment ago, so that a crowd of machines does not become a crowd at the upstream.
    private var refusals: [SHA256Digest: Refusal] = [:]
    private var upstreamRefusal: Refusal?
    private var isClosed = false

    public init<C: Clock>(
        transfers: Transfers, storage: any PatchStorage, catalog: any Catalog, settings: Settings, logger: Logger,
        clock: C = ContinuousClock()
    ) where C.Duration == Duration {
        self.transfers = transfers
        self.storage = storage
        self.catalog = catalog
        self.settings = settings
        self.logger = logger
        let start = clock.now
        elapsed = { start.duration(to: clock.now) }
    }

    public var tally: Tally {
        var tally = counts
        tally.active = active
        tally.queued = queue.count
        return tally
    }

    /// The arrival of a file's content, which begins if it is not under way.
    /// - Throws: ``LivepatchError`` with the code `content-not-fetched` if that failed a moment ago.
    public func arrival(of file: PatchFile, urgency: Urgency = .waited) throws -> ContentArrival {
        if urgency == .waited { counts.requests += 1 }
        if let flight = flights[file.digest] {
            if urgency == .waited {
                counts.joined += 1
                flights[file.digest]?.urgency = .waited
                begin()
            }
            return flight.arrival
        }
        try refuseIfPaused(file)
        let arrival = ContentArrival(file)
        flights[file.digest] = Flight(arrival: arrival, urgency: urgency)
        queue.append(file.digest)
        begin()
        return arrival
    }

    /// Returns when all that is under way now is over, and noted in the catalogue.
    package func settled() async {
        for flight in flights.values { await flight.task?.value }
    }

    /// Ends all fetches, and begins no more. What has arrived stays for the next attempt.
    public func close() async {
        isClosed = true
        queue = []
        let all = flights
        for flight in all.values {
            flight.task?.cancel()
            flight.arrival.failed(LivepatchError(.unavailable, "The server is stopping."))
        }
        for flight in all.values { await flight.task?.value }
        flights = [:]
    }

    // MARK: One fetch

    private func begin() {
        while active < settings.concurrency, let digest = next() {
            active += 1
            flights[digest]?.task = Task { await self.fly(digest) }
        }
    }

    /// Who is waited for goes first, and has a place that nobody else takes.
    private func next() -> SHA256Digest? {
        let position =
            queue.firstIndex { flights[$0]?.urgency == .waited }
            ?? (active < max(1, settings.concurrency - 1) ? queue.indices.first : nil)
        return position.map { queue.remove(at: $0) }
    }

    private func fly(_ digest: SHA256Digest) async {
        defer {
            active -= 1
            flights[digest] = nil
            begin()
        }
        guard let arrival = flights[digest]?.arrival, !isClosed else { return }
        let file = arrival.file
        do {
            // Others may have found out while this one waited for its turn.
            try refuseIfPaused(file)
            try await transfers.fetch(file) { sight in
                switch sight {
                case .began(let staged, let count): arrival.began(try await staged.open(), arrived: count)
                case .arrived(let count): arrival.arrived(count)
                }
            }
            arrival.verified(try await storage.open(digest))
            counts.fetched += 1
            counts.bytes += file.length
        } catch {
            arrival.failed(failure(file, error))
            return
        }
        do {
            // What is here is told also if the server stops meanwhile.
            try await Task { [storage, catalog] in
                // Nobody may be told of content that a power failure could still take away.
                try await storage.synchronize()
                try await catalog.setAvailable(true, catalog.files(holding: digest).map(\.file.name))
            }.value
        } catch {
            logger.warning("The catalogue could not be told that \(file.name) has been fetched: \(error)")
        }
    }

    // MARK: Failures

    private func refuseIfPaused(_ file: PatchFile) throws {
        if isClosed { throw LivepatchError(.unavailable, "The server is stopping.") }
        let now = elapsed()
        for refusal in [upstreamRefusal, refusals[file.digest]].compactMap({ $0 }) where refusal.until > now {
            throw refused(file, refusal.error, retryAfter: refusal.until - now)
        }
    }

    /// Remembers for a while that a file could not be had.
    /// - Returns: what those are told who wait for it.
    private func failure(_ file: PatchFile, _ error: any Error) -> LivepatchError {
        if let told = error as? LivepatchError, [.contentNotFetched, .unavailable].contains(told.code) { return told }
        counts.failed += 1
        let failure = TransferFailure(error)
        let known = failure.error
        let pause = min(settings.longestPause, max(.seconds(1), failure.retryAfter ?? settings.pause))
        let now = elapsed()
        let refusal = Refusal(error: known, until: now + pause)
        refusals = refusals.filter { $0.value.until > now }
        refusals[file.digest] = refusal
        if known.concernsWholeUpstream { upstreamRefusal = refusal }
        if known.code != .cancelled {
            logger.warning("A patch file that was asked for could not be fetched: \(known)", metadata: ["file": "\(file.name)"])
        }
        return refused(file, known, retryAfter: pause)
    }

    /// Says no more about the upstream and the disk than strangers may know; the log has the rest.
    private func refused(_ file: PatchFile, _ error: LivepatchError, retryAfter: Duration) -> LivepatchError {
        if error.code == .storageFull {
            return LivepatchError(
                .storageFull, "\(file.name) is not on this server yet, and there is no room for it.",
                suggestion: "Its administrator can free some, for example with `livepatch-admin storage gc`.",
                cause: error, retryAfter: retryAfter)
        }
        return LivepatchError(
            .contentNotFetched,
            "\(file.name) is not on this server yet, and could not be fetched from its upstream (\(error.code)).",
            suggestion:
                "Ask again later. The server's administrator finds the reason in its log, and with `livepatch-admin doctor`.",
            cause: error, retryAfter: retryAfter)
    }
}

extension LivepatchError {
    /// Whether the upstream would give no other file either.
    var concernsWholeUpstream: Bool {
        [.upstreamUnreachable, .upstreamTimeout, .upstreamRefusedToken, .clientCertificateRequired].contains(code)
    }
}
