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

    private let store: any LoginHistoryStore
    private let policy: LoginLockout.Policy
    private let queue: PasswordQueue
    private let logger: Logger
    private let now: @Sendable () -> Date
    private var lockout: LoginLockout?

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
        guard let answer = lockout?.begin(user, from: AddressGroup(address), at: now()) else { return .crowded }
        let attempt: LoginLockout.Attempt
        switch answer {
        case .refused(let seconds): return .refused(seconds)
        case .admitted(let admitted): attempt = admitted
        }
        let checked = await queue.run(attempt) { () async -> Result<Bool, any Error> in
            do { return .success(try await check()) } catch { return .failure(error) }
        }
        let outcome: Outcome
        switch checked {
        case nil:
            lockout?.abandoned(attempt)
            // Nothing is written: a crowd is to cost nothing.
            return .crowded
        case .failure(let error):
            lockout?.abandoned(attempt)
            await save()
            throw error
        case .success(true):
            lockout?.succeeded(attempt, at: now())
            outcome = .right
        case .success(false):
            outcome = .wrong(refusal: lockout?.refusal(after: attempt, at: now()) ?? 0)
        }
        await save()
        return outcome
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
