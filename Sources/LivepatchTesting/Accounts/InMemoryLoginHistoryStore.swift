public import LivepatchKit

/// Failed logins in an ``InMemoryDatabase``.
public struct InMemoryLoginHistoryStore: LoginHistoryStore {
    private let database: InMemoryDatabase

    public init(_ database: InMemoryDatabase) { self.database = database }

    public func loginHistory() async throws -> LoginHistory { try database.read { $0.loginHistory } }

    public func save(_ changes: LoginHistory.Changes) async throws {
        try database.write { tables in
            for (subject, tally) in changes.tallies {
                tables.loginHistory.tallies[subject] = tally.map {
                    LoginLockout.Tally(
                        failures: $0.failures, last: Timestamp.wholeSecond($0.last),
                        refusedSince: $0.refusedSince.map(Timestamp.wholeSecond), delay: $0.delay.rounded(.down))
                }
            }
            for (familiarity, last) in changes.familiar {
                tables.loginHistory.familiar[familiarity] = last.map(Timestamp.wholeSecond)
            }
        }
    }
}
