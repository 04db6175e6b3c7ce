public import FoundationEssentials

/// What a ``LoginLockout`` remembers, as it is stored.
public struct LoginHistory: Hashable, Sendable {
    /// What became different; `nil` stands for what is forgotten.
    public struct Changes: Hashable, Sendable {
        public var tallies: [LoginLockout.Subject: LoginLockout.Tally?]
        public var familiar: [LoginLockout.Familiarity: Date?]

        public init(
            tallies: [LoginLockout.Subject: LoginLockout.Tally?] = [:], familiar: [LoginLockout.Familiarity: Date?] = [:]
        ) {
            self.tallies = tallies
            self.familiar = familiar
        }

        public var isEmpty: Bool { tallies.isEmpty && familiar.isEmpty }
    }

    public var tallies: [LoginLockout.Subject: LoginLockout.Tally]
    /// The last login of each account from each address.
    public var familiar: [LoginLockout.Familiarity: Date]

    public init(
        tallies: [LoginLockout.Subject: LoginLockout.Tally] = [:], familiar: [LoginLockout.Familiarity: Date] = [:]
    ) {
        self.tallies = tallies
        self.familiar = familiar
    }
}

/// Where failed logins are remembered, so that a restart forgives nobody. Times are kept to the second, rounded down.
public protocol LoginHistoryStore: Sendable {
    func loginHistory() async throws -> LoginHistory
    /// Takes all of the changes or none.
    func save(_ changes: LoginHistory.Changes) async throws
}
