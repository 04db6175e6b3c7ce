public import Logging

/// Tells whoever waits when the view of a tier has changed, so that nobody has to ask again and again.
///
/// A waiting downstream or machine costs the memory of one stream. A change is looked up once for each tier that somebody waits for,
/// however many wait.
public actor ViewWatch {
    private struct Tier {
        /// The newest that is known; `nil` while the first question is under way.
        var tag: String?
        /// The number of the question that found it: an answer to an earlier question may arrive later.
        var asked = 0
        var listeners: [Int: AsyncStream<String>.Continuation] = [:]
    }

    private let publisher: any DocumentPublisher
    private let news: @Sendable () -> AsyncStream<Void>
    private let logger: Logger
    private var tiers: [TierName: Tier] = [:]
    private var lastListener = 0
    private var lastQuestion = 0
    private var isClosed = false

    /// - Parameter news: tells when the catalogue has changed.
    public init(
        publisher: any DocumentPublisher, news: @escaping @Sendable () -> AsyncStream<Void>,
        logger: Logger = Logger(label: "livepatch.push")
    ) {
        self.publisher = publisher
        self.news = news
        self.logger = logger
    }

    /// How many wait.
    public var listeners: Int { tiers.values.reduce(0) { $0 + $1.listeners.count } }

    /// The tags of the view's head: the current one at once, another whenever it changes, and the same again at each ``beat()``. A
    /// slow reader misses those that are out of date. Ends when the tier is gone, or the watch is closed.
    /// - Throws: ``LivepatchError`` with the codes `tier-unknown` and `unavailable` (once it is closed), and what the publisher throws.
    public func tags(of tier: TierName) async throws -> AsyncStream<String> {
        if isClosed { throw Self.stopping }
        let (stream, continuation) = AsyncStream.makeStream(of: String.self, bufferingPolicy: .bufferingNewest(1))
        lastListener += 1
        let id = lastListener
        tiers[tier, default: Tier()].listeners[id] = continuation
        continuation.onTermination = { [weak self] _ in
            guard let self else { return }
            Task { await self.forget(id, of: tier) }
        }
        do {
            try await look(at: tier)
        } catch {
            forget(id, of: tier)
            throw error
        }
        // Whatever was told meanwhile, this is the newest.
        if let tag = tiers[tier]?.tag { continuation.yield(tag) }
        return stream
    }

    /// Tells of changes until the task is cancelled.
    public func run() async {
        for await _ in news() { await lookAtAll() }
    }

    /// Has every stream say its tag again, so that both sides see that the connection lives; and notices what nobody told of, such as
    /// a change by another process, or signed metadata that was renewed.
    public func beat() async {
        await lookAtAll()
        for tier in tiers.values {
            guard let tag = tier.tag else { continue }
            for listener in tier.listeners.values { listener.yield(tag) }
        }
    }

    /// Ends all streams; there are no new ones.
    public func close() {
        isClosed = true
        for tier in tiers.values {
            for listener in tier.listeners.values { listener.finish() }
        }
        tiers = [:]
    }

    private func lookAtAll() async {
        for tier in Array(tiers.keys) {
            do {
                try await look(at: tier)
            } catch let error as LivepatchError where error.code == .tierUnknown {
                for listener in tiers[tier]?.listeners.values.map({ $0 }) ?? [] { listener.finish() }
                tiers[tier] = nil
            } catch {
                // The next beat looks again.
                logger.warning("Nobody could be told whether the view of '\(tier)' has changed: \(error)")
            }
        }
    }

    private func look(at tier: TierName) async throws {
        lastQuestion += 1
        let question = lastQuestion
        let tag = try await publisher.head(for: tier).tag
        guard var known = tiers[tier], question > known.asked else { return }
        known.asked = question
        let isNews = known.tag != tag
        known.tag = tag
        tiers[tier] = known
        guard isNews else { return }
        for listener in known.listeners.values { listener.yield(tag) }
    }

    private func forget(_ id: Int, of tier: TierName) {
        tiers[tier]?.listeners[id] = nil
        if tiers[tier]?.listeners.isEmpty == true { tiers[tier] = nil }
    }

    private static let stopping = LivepatchError(
        .unavailable, "The server is stopping.", suggestion: "Try again when it is back.")
}
