public import FoundationEssentials
public import Logging

/// Stands before the checking of passwords: asks a ``LoginLockout``, keeps what it remembers in a store, and has passwords checked in
/// turns.
public actor LoginGuard {
    /// What became of an attempt.
    public enum Outcome: Hashable, Sendable {
        case right
        /// - Parameter refusal: how long further attempts are refused now, in seconds; 0 if they are not.
        case wrong(refusal: TimeInterval)
        /// The password was not looked at, and will not be for so many seconds.
        case refused(TimeInterval)
        /// The password was not looked at, because too many others wait.
        case crowded
    }

    /// How many attempts wait until others like them have ended: in all, and of one address.
    private static let places = 256
    private static let placesOfAddress = 32

    private let store: any LoginHistoryStore
    private let policy: LoginLockout.Policy
    private let queue: PasswordQueue
    private let logger: Logger
    private let now: @Sendable () -> Date
    private var lockout: LoginLockout?
    /// Those who are to ask again when an attempt has ended.
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private var taken: [AddressGroup: Int] = [:]

    /// - Parameter now: the current time.
    public init(
        store: any LoginHistoryStore, policy: LoginLockout.Policy = LoginLockout.Policy(),
        queue: PasswordQueue = PasswordQueue(), logger: Logger, now: @escaping @Sendable () -> Date
    ) {
        self.store = store
        self.policy = policy
        self.queue = queue
        self.logger = logger
        self.now = now
    }

    /// Has a password checked, if that may be.
    /// - Parameters:
    ///   - address: the one that it comes from, as far as that is known.
    ///   - check: whether the password is right.
    /// - Throws: what the store throws when it is read for the first time.
    public func attempt(
        _ user: String, from address: IPAddress?, _ check: @escaping @Sendable () async throws -> Bool
    ) async throws -> Outcome {
        try await load()
        let attempt: LoginLockout.Attempt
        switch await answer(user, AddressGroup(address)) {
        case nil, .later?: return .crowded
        case .refused(let seconds)?: return .refused(seconds)
        case .admitted(let admitted)?: attempt = admitted
        }
        let checked = await queue.run(attempt) { () async -> Result<Bool, any Error> in
            do { return .success(try await check()) } catch { return .failure(error) }
        }
        let outcome: Outcome
        switch checked {
        case nil:
            lockout?.abandoned(attempt)
            wake()
            return .crowded
        case .failure(let error):
            lockout?.abandoned(attempt)
            wake()
            throw error
        case .success(true):
            lockout?.succeeded(attempt, at: now())
            outcome = .right
        case .success(false):
            outcome = .wrong(refusal: lockout?.failed(attempt, at: now()) ?? 0)
        }
        wake()
        await save()
        return outcome
    }

    /// Waits as long as others like it are being looked at.
    /// - Returns: `nil` if too many wait.
    private func answer(_ user: String, _ address: AddressGroup) async -> LoginLockout.Answer? {
        var isWaiting = false
        defer {
            if isWaiting { taken[address] = taken[address].flatMap { $0 > 1 ? $0 - 1 : nil } }
        }
        while let answer = lockout?.begin(user, from: address, at: now()) {
            guard answer == .later else { return answer }
            if !isWaiting {
                guard taken[address, default: 0] < Self.placesOfAddress, taken.values.reduce(0, +) < Self.places else {
                    return nil
                }
                isWaiting = true
                taken[address, default: 0] += 1
            }
            await withCheckedContinuation { waiting.append($0) }
        }
        return nil
    }

    private func wake() {
        for attempt in waiting { attempt.resume() }
        waiting = []
    }

    private func load() async throws {
        guard lockout == nil else { return }
        let history = try await store.loginHistory()
        // Somebody else may have come first meanwhile.
        if lockout == nil { lockout = LoginLockout(policy: policy, history: history) }
    }

    /// A store that cannot be written forgives at the next restart, and refuses nobody who is let in now.
    private func save() async {
        guard let changes = lockout?.takeChanges(), !changes.isEmpty else { return }
        do {
            try await store.save(changes)
        } catch {
            logger.error("Failed logins cannot be remembered beyond a restart.", metadata: ["cause": "\(error)"])
        }
    }
}
