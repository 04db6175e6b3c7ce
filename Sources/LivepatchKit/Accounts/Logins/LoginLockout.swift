public import FoundationEssentials

/// Decides who may try a password, by the failures so far: nothing but a state, that time and events are told to.
///
/// - Failures are counted for an account together with the address that they come from. After a few of them further attempts at that
///   account from that address are refused for a while, which doubles with each further failure. Nobody else is concerned: who does
///   not guess from the owner's address does not lock the owner out.
/// - Failures are counted for an address over all accounts, too, and after more of them the whole address is refused. That does not
///   concern accounts that have logged in from there: in an office one guest cannot lock out the others.
/// - Failures are counted for an account over all addresses that it has never logged in from. Many of them lock nobody out, since
///   that is what whoever has a thousand addresses wants; but each such address is then given fewer attempts.
///
/// Only attempts that have failed are counted, and only so many are let through at once as could fail before there is a refusal;
/// further ones have to wait for the end of one of those. So whoever opens a thousand connections at once has no more attempts than
/// somebody who waits, and twenty jobs that log in together with the right password all get in.
///
/// The times are those of a clock on the wall, since they outlast the process. If it goes back, no refusal lasts longer than it was
/// meant to.
public struct LoginLockout: Sendable {
    /// How patient it is.
    public struct Policy: Hashable, Sendable {
        /// Failures for one account from one address, before there is a refusal.
        public var attempts = 5
        /// Failures for all accounts from one address that they do not know.
        public var attemptsOfAddress = 20
        /// Failures for one account from addresses that it does not know, after which those have only ``attemptsUnderAttack``.
        public var attack = 100
        public var attemptsUnderAttack = 2
        /// The first refusal, in seconds; each further failure doubles it.
        public var firstDelay: TimeInterval = 30
        /// The longest refusal, in seconds.
        public var longestDelay: TimeInterval = 3600
        /// How long failures are remembered after the last one, in seconds.
        public var memory: TimeInterval = 86_400
        /// How long an address is known to an account after its last login, in seconds.
        public var familiarity: TimeInterval = 90 * 86_400
        /// How many addresses an account knows.
        public var familiarAddresses = 16
        /// How many tallies are kept. Those with the fewest failures give way, so that nobody gets rid of a refusal by making others.
        public var capacity = 20_000

        public init() {}
    }

    /// What failures are counted for. An account is named by the hash of its name: what somebody typed there may be a password.
    public enum Subject: Hashable, Sendable {
        case pair(account: SHA256Digest, address: AddressGroup)
        case address(AddressGroup)
        case account(SHA256Digest)
    }

    /// The failures of a subject.
    public struct Tally: Hashable, Sendable {
        public var failures: Int
        /// The last failure.
        public var last: Date
        /// Since when attempts are refused; `nil` while they are not.
        public var refusedSince: Date?
        /// How long they are refused, in seconds.
        public var delay: TimeInterval

        public init(failures: Int, last: Date, refusedSince: Date? = nil, delay: TimeInterval = 0) {
            self.failures = failures
            self.last = last
            self.refusedSince = refusedSince
            self.delay = delay
        }
    }

    /// An attempt that was let through, and has not ended.
    public struct Attempt: Hashable, Sendable {
        public let account: SHA256Digest
        public let address: AddressGroup
        /// Whether the account has logged in from there before.
        public let isFamiliar: Bool
    }

    public enum Answer: Hashable, Sendable {
        /// To be ended by ``succeeded(_:at:)``, ``failed(_:at:)`` or ``abandoned(_:)``.
        case admitted(Attempt)
        /// Not yet: others like it have been let through and have not ended. To be asked again when an attempt has.
        case later
        /// Refused, for so many seconds from now on; more than 0.
        case refused(TimeInterval)
    }

    /// An address that an account has logged in from.
    public struct Familiarity: Hashable, Sendable {
        public let account: SHA256Digest
        public let address: AddressGroup

        public init(account: SHA256Digest, address: AddressGroup) {
            self.account = account
            self.address = address
        }
    }

    public let policy: Policy
    public private(set) var tallies: [Subject: Tally] = [:]
    public private(set) var familiar: [Familiarity: Date] = [:]
    /// How many attempts have been let through and have not ended. They end with the process, and are not stored.
    private var underway: [Subject: Int] = [:]
    private var touched: Set<Subject> = []
    private var touchedFamiliar: Set<Familiarity> = []

    public init(policy: Policy = Policy(), history: LoginHistory = LoginHistory()) {
        self.policy = policy
        tallies = history.tallies
        familiar = history.familiar
    }

    // MARK: Events

    /// Somebody is about to try a password.
    public mutating func begin(_ user: String, from address: AddressGroup, at now: Date) -> Answer {
        let account = SHA256Digest(of: Array(user.utf8))
        let attempt = Attempt(account: account, address: address, isFamiliar: isFamiliar(account, address, at: now))
        let subjects = subjects(of: attempt)
        let refusal = refusal(of: attempt, at: now)
        guard refusal <= 0 else { return .refused(refusal) }
        guard subjects.allSatisfy({ hasRoom($0, attempt, at: now) }) else { return .later }
        for subject in subjects { underway[subject, default: 0] += 1 }
        return .admitted(attempt)
    }

    /// The password was right.
    public mutating func succeeded(_ attempt: Attempt, at now: Date) {
        end(attempt)
        // Only what concerns this account and this address alone is forgiven: one good account is no licence to try others.
        let pair = Subject.pair(account: attempt.account, address: attempt.address)
        if tallies[pair] != nil { set(pair, nil) }
        remember(Familiarity(account: attempt.account, address: attempt.address), at: now)
    }

    /// The password was wrong.
    /// - Returns: how long further attempts like this one are refused now, in seconds; 0 if they are not.
    public mutating func failed(_ attempt: Attempt, at now: Date) -> TimeInterval {
        end(attempt)
        for subject in subjects(of: attempt) { count(subject, limit: limit(of: subject, attempt), at: now) }
        let refusal = refusal(of: attempt, at: now)
        makeRoom(at: now)
        return refusal
    }

    /// The password was not tried, for a reason that has nothing to do with it.
    public mutating func abandoned(_ attempt: Attempt) { end(attempt) }

    /// What has changed since this was last asked.
    public mutating func takeChanges() -> LoginHistory.Changes {
        defer {
            touched = []
            touchedFamiliar = []
        }
        return LoginHistory.Changes(
            tallies: Dictionary(uniqueKeysWithValues: touched.map { ($0, tallies[$0]) }),
            familiar: Dictionary(uniqueKeysWithValues: touchedFamiliar.map { ($0, familiar[$0]) }))
    }

    // MARK: Counting

    private mutating func end(_ attempt: Attempt) {
        for subject in subjects(of: attempt) {
            let left = (underway[subject] ?? 0) - 1
            underway[subject] = left > 0 ? left : nil
        }
    }

    /// Whether one more attempt can be let through: there are not more at once than could fail before there is a refusal, and after
    /// a refusal there is one.
    private func hasRoom(_ subject: Subject, _ attempt: Attempt, at now: Date) -> Bool {
        let failures = tallies[subject].map { isForgotten($0, at: now) ? 0 : $0.failures } ?? 0
        return (underway[subject] ?? 0) < max(1, limit(of: subject, attempt) - failures)
    }

    private mutating func refusal(of attempt: Attempt, at now: Date) -> TimeInterval {
        subjects(of: attempt).filter(refuses).map { remaining($0, at: now) }.max() ?? 0
    }

    private func subjects(of attempt: Attempt) -> [Subject] {
        let pair = Subject.pair(account: attempt.account, address: attempt.address)
        return attempt.isFamiliar ? [pair] : [pair, .address(attempt.address), .account(attempt.account)]
    }

    /// Whether attempts are refused for this subject's sake: never for an account as a whole.
    private func refuses(_ subject: Subject) -> Bool {
        if case .account = subject { false } else { true }
    }

    private func limit(of subject: Subject, _ attempt: Attempt) -> Int {
        switch subject {
        case .address: return policy.attemptsOfAddress
        case .account: return .max
        case .pair:
            let isAttacked = (tallies[.account(attempt.account)]?.failures ?? 0) >= policy.attack
            return isAttacked && !attempt.isFamiliar ? policy.attemptsUnderAttack : policy.attempts
        }
    }

    private mutating func count(_ subject: Subject, limit: Int, at now: Date) {
        var tally = tallies[subject] ?? Tally(failures: 0, last: now)
        if isForgotten(tally, at: now) { tally = Tally(failures: 0, last: now) }
        tally.failures = min(tally.failures + 1, 1_000_000)
        tally.last = now
        if tally.failures >= limit {
            tally.refusedSince = now
            tally.delay = min(policy.firstDelay * pow2(tally.failures - limit), policy.longestDelay)
        }
        set(subject, tally)
    }

    private func pow2(_ exponent: Int) -> Double { Double(sign: .plus, exponent: min(exponent, 60), significand: 1) }

    private mutating func remaining(_ subject: Subject, at now: Date) -> TimeInterval {
        guard var tally = tallies[subject], let since = tally.refusedSince else { return 0 }
        guard now < since else { return since.addingTimeInterval(tally.delay).timeIntervalSince(now) }
        // The clock went back.
        tally.refusedSince = now
        tally.last = now
        set(subject, tally)
        return tally.delay
    }

    private func isForgotten(_ tally: Tally, at now: Date) -> Bool {
        let end = tally.refusedSince.map { max($0.addingTimeInterval(tally.delay), tally.last) } ?? tally.last
        return now.timeIntervalSince(end) > policy.memory
    }

    private mutating func set(_ subject: Subject, _ tally: Tally?) {
        tallies[subject] = tally
        touched.insert(subject)
    }

    // MARK: Known addresses

    private func isFamiliar(_ account: SHA256Digest, _ address: AddressGroup, at now: Date) -> Bool {
        guard let last = familiar[Familiarity(account: account, address: address)] else { return false }
        return now.timeIntervalSince(last) <= policy.familiarity
    }

    private mutating func remember(_ new: Familiarity, at now: Date) {
        familiar[new] = now
        touchedFamiliar.insert(new)
        let ofAccount = familiar.filter { $0.key.account == new.account }.sorted { $0.value > $1.value }
        let expired = familiar.filter { now.timeIntervalSince($0.value) > policy.familiarity }
        let surplus = ofAccount.dropFirst(policy.familiarAddresses).map(\.key).filter { $0 != new }
        for entry in surplus + expired.map(\.key) {
            familiar[entry] = nil
            touchedFamiliar.insert(entry)
        }
    }

    // MARK: Bounds

    private mutating func makeRoom(at now: Date) {
        guard tallies.count > policy.capacity else { return }
        for (subject, tally) in tallies where isForgotten(tally, at: now) { set(subject, nil) }
        // A tenth at once, so that it is not sorted again at the next attempt.
        let surplus = tallies.count - policy.capacity * 9 / 10
        guard tallies.count > policy.capacity else { return }
        let cheapest = tallies.sorted { left, right in
            let (leftEnd, rightEnd) = (end(left.value, at: now), end(right.value, at: now))
            if leftEnd != rightEnd { return leftEnd < rightEnd }
            if left.value.failures != right.value.failures { return left.value.failures < right.value.failures }
            return left.value.last < right.value.last
        }
        for (subject, _) in cheapest.prefix(surplus) { set(subject, nil) }
    }

    /// When its refusal ends; long ago for one that refuses nothing.
    private func end(_ tally: Tally, at now: Date) -> Date {
        guard let since = tally.refusedSince else { return .distantPast }
        let end = since.addingTimeInterval(tally.delay)
        return end > now ? end : .distantPast
    }
}
