public import Logging

/// Tells whoever waits when the view of a tier has changed, so that nobody has to ask again and again.
///
/// A waiting downstream or machine costs the memory of one ``ViewListener``. A change is looked up once for each tier that somebody waits
/// for, however many wait.
public actor ViewWatch {
    private struct Tier {
        /// The newest that is known; `nil` while the first question is under way.
        var tag: String?
        /// The number of the question that found it: an answer to an earlier question may arrive later.
        var asked = 0
        var listeners: [Int: any ViewListener] = [:]
    }

    private let publisher: any DocumentPublisher
    private let news: @Sendable () -> AsyncStream<Void>
    private let prepare: @Sendable (TierName) async -> Void
    private let logger: Logger
    private var tiers: [TierName: Tier] = [:]
    private var lastListener = 0
    private var lastQuestion = 0
    private var isClosed = false

    /// - Parameters:
    ///   - news: tells when the catalogue has changed.
    ///   - prepare: is called before listeners hear that a head has changed: all of them will ask at once.
    public init(
        publisher: any DocumentPublisher, news: @escaping @Sendable () -> AsyncStream<Void>,
        prepare: @escaping @Sendable (TierName) async -> Void = { _ in }, logger: Logger = Logger(label: "livepatch.push")
    ) {
        self.publisher = publisher
        self.news = news
        self.prepare = prepare
        self.logger = logger
    }

    /// How many wait.
    public var listeners: Int { tiers.values.reduce(0) { $0 + $1.listeners.count } }

    /// Tells a listener the tags of the view's head: the current one at once, another whenever it changes, and the same again at each
    /// ``beat()``; and of the end, when the tier is gone, or the watch is closed.
    /// - Returns: what the listener is told as long as it is kept.
    /// - Throws: ``LivepatchError`` with the codes `tier-unknown` and `unavailable` (once it is closed), and what the publisher throws.
    public func tell(_ listener: any ViewListener, of tier: TierName) async throws -> Listening {
        if isClosed { throw Self.stopping }
        lastListener += 1
        let id = lastListener
        tiers[tier, default: Tier()].listeners[id] = listener
        let listening = Listening(id, tier, self)
        try await look(at: tier)
        // Whatever was told meanwhile, this is the newest.
        if let tag = tiers[tier]?.tag { listener.hear(tag) }
        return listening
    }

    /// The same as a stream, whose reader misses what is out of date if it is slow.
    public func tags(of tier: TierName) async throws -> AsyncStream<String> {
        let (stream, continuation) = AsyncStream.makeStream(of: String.self, bufferingPolicy: .bufferingNewest(1))
        let listening = try await tell(TagStream(continuation), of: tier)
        continuation.onTermination = { _ in withExtendedLifetime(listening) {} }
        return stream
    }

    /// Has a listener be told, until it is let go of.
    public final class Listening: Sendable {
        private let id: Int
        private let tier: TierName
        private let watch: ViewWatch

        fileprivate init(_ id: Int, _ tier: TierName, _ watch: ViewWatch) {
            self.id = id
            self.tier = tier
            self.watch = watch
        }

        deinit {
            let (id, tier, watch) = (id, tier, watch)
            Task { await watch.forget(id, of: tier) }
        }
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
            for listener in tier.listeners.values { listener.hear(tag) }
        }
    }

    /// Ends all streams; there are no new ones.
    public func close() {
        isClosed = true
        for tier in tiers.values {
            for listener in tier.listeners.values { listener.end() }
        }
        tiers = [:]
    }

    private func lookAtAll() async {
        for tier in Array(tiers.keys) {
            do {
                try await look(at: tier)
            } catch let error as LivepatchError where error.code == .tierUnknown {
                for listener in tiers[tier]?.listeners.values.map({ $0 }) ?? [] { listener.end() }
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
        if let last = tiers[tier]?.tag, last != tag { await prepare(tier) }
        guard var known = tiers[tier], question > known.asked else { return }
        known.asked = question
        let isNews = known.tag != tag
        known.tag = tag
        tiers[tier] = known
        guard isNews else { return }
        for listener in known.listeners.values { listener.hear(tag) }
    }

    private func forget(_ id: Int, of tier: TierName) {
        tiers[tier]?.listeners[id] = nil
        if tiers[tier]?.listeners.isEmpty == true { tiers[tier] = nil }
    }

    private static let stopping = LivepatchError(
        .unavailable, "The server is stopping.", suggestion: "Try again when it is back.")
}

/// Is told of a view by a ``ViewWatch``, on any thread, and keeps that no longer than it has to.
public protocol ViewListener: AnyObject, Sendable {
    /// - Parameter tag: the head's entity tag, whether or not it is another than the last.
    func hear(_ tag: String)
    /// There will be no more.
    func end()
}

private final class TagStream: ViewListener {
    private let continuation: AsyncStream<String>.Continuation

    init(_ continuation: AsyncStream<String>.Continuation) { self.continuation = continuation }

    func hear(_ tag: String) { continuation.yield(tag) }

    func end() { continuation.finish() }
}
