/// The turns at checking passwords, which is slow by design: how much of it is done at once is bounded, and so is who waits.
///
/// Those who log in from where they have logged in before come first, so that a crowd of strangers keeps nobody out who is known. One
/// address has only a few strangers waiting at a time, so that a few addresses do not take all the places.
public actor PasswordQueue {
    /// How much is done and waited for.
    public struct Bounds: Hashable, Sendable {
        /// How many passwords are checked at the same time.
        public var turns = 2
        /// How many strangers wait, from all addresses.
        public var strangers = 128
        /// How many of them from one address.
        public var strangersOfAddress = 16
        /// How many others wait.
        public var familiar = 64

        public init() {}
    }

    private struct Waiting {
        let address: AddressGroup
        let turn: CheckedContinuation<Void, Never>
    }

    private let bounds: Bounds
    private var free: Int
    private var familiar: [Waiting] = []
    private var strangers: [Waiting] = []

    public init(bounds: Bounds = Bounds()) {
        self.bounds = bounds
        free = max(1, bounds.turns)
    }

    /// Whether all turns are taken.
    public var isBusy: Bool { free == 0 }

    /// How many wait.
    public var waiting: Int { familiar.count + strangers.count }

    /// Does the work when it is its turn.
    /// - Returns: `nil` if too many wait already; then the work was not done.
    public func run<Value: Sendable>(
        _ attempt: LoginLockout.Attempt, _ work: @Sendable () async -> Value
    ) async -> Value? {
        if free > 0 {
            free -= 1
        } else {
            guard hasRoom(for: attempt) else { return nil }
            await withCheckedContinuation { turn in
                let waiting = Waiting(address: attempt.address, turn: turn)
                if attempt.isFamiliar { familiar.append(waiting) } else { strangers.append(waiting) }
            }
        }
        let value = await work()
        next()
        return value
    }

    private func hasRoom(for attempt: LoginLockout.Attempt) -> Bool {
        guard !attempt.isFamiliar else { return familiar.count < bounds.familiar }
        return strangers.count < bounds.strangers
            && strangers.count { $0.address == attempt.address } < bounds.strangersOfAddress
    }

    private func next() {
        if !familiar.isEmpty {
            familiar.removeFirst().turn.resume()
        } else if !strangers.isEmpty {
            strangers.removeFirst().turn.resume()
        } else {
            free += 1
        }
    }
}
