public import FoundationEssentials
public import LivepatchKit
public import Logging

/// Recognizes the bearer tokens of one identity provider, whose public keys are fetched and kept.
///
/// The keys are fetched anew in time (``refresh()``), and when a token names one that is not known, as after the provider has begun to
/// use another: but not more often than every half minute, however many such tokens come, since whoever sends them need not know
/// anything. What asks meanwhile waits for the same fetch. Keys that cannot be fetched leave those that there are.
public actor BearerIdentity: IdentityProvider {
    /// The least time between two fetches that tokens with unknown keys bring about, in seconds.
    static let pause: TimeInterval = 30

    private let policy: TokenPolicy
    private let fetch: @Sendable () async throws -> [UInt8]
    private let logger: Logger
    private let now: @Sendable () -> Date
    private var keys: KeySet?
    private var failure: (text: String, since: Date)?
    private var lastFetch: Date?
    private var fetching: Task<Void, Never>?

    /// - Parameters:
    ///   - fetch: brings the provider's set of keys, as it is published.
    ///   - now: the current time.
    public init(
        _ policy: TokenPolicy, fetch: @escaping @Sendable () async throws -> [UInt8], logger: Logger,
        now: @escaping @Sendable () -> Date
    ) {
        self.policy = policy
        self.fetch = fetch
        self.logger = logger
        self.now = now
    }

    public func identify(_ bearer: String) async -> IdentityDecision {
        guard let token = CompactToken(bearer) else { return .refused(.malformed, user: nil) }
        // Whoever cannot be accepted whatever the keys brings about no fetch.
        guard let algorithm = SignatureAlgorithm(rawValue: token.header.alg), policy.algorithms.contains(algorithm) else {
            return .refused(.algorithm, user: nil)
        }
        if keys?.contains(token.header.kid) != true { await refreshEarly() }
        guard let keys else { return .refused(.unknownKey, user: nil) }
        return await policy.decide(token, with: keys, at: now())
    }

    public func refresh() async {
        if let fetching { return await fetching.value }
        lastFetch = now()
        let task = Task { await take() }
        fetching = task
        await task.value
    }

    public func fault() -> String? {
        if let failure { return "\(failure.text) (since \(Timestamp.text(failure.since)))" }
        return keys == nil ? "the keys have not been fetched yet" : nil
    }

    private func refreshEarly() async {
        // A clock that went back is no reason to wait for it.
        if fetching == nil, let lastFetch, abs(now().timeIntervalSince(lastFetch)) < Self.pause { return }
        await refresh()
    }

    private func take() async {
        do {
            let fresh = try KeySet(json: try await fetch())
            if failure != nil || keys == nil {
                logger.notice("Have the identity provider's keys.", metadata: ["keys": "\(fresh.count)"])
            }
            keys = fresh
            failure = nil
        } catch {
            let code = (error as? LivepatchError)?.code.rawValue ?? LivepatchError.Code.internalFault.rawValue
            if failure == nil {
                logger.warning(
                    "The identity provider's keys cannot be had; those that are there stay in use.",
                    metadata: ["cause": "\(error)"])
            }
            failure = ("the keys cannot be fetched: \(code)", failure?.since ?? now())
        }
        fetching = nil
    }
}
