import FoundationEssentials
import GRDB
public import LivepatchKit

/// Failed logins in an ``SQLiteDatabase``.
public struct SQLiteLoginHistoryStore: LoginHistoryStore {
    private let database: SQLiteDatabase

    public init(_ database: SQLiteDatabase) { self.database = database }

    public func loginHistory() async throws -> LoginHistory {
        try await database.read { db in
            var history = LoginHistory()
            for row in try Row.fetchAll(
                db, sql: "SELECT account, address, failures, last, refused_since, delay FROM login_tally")
            {
                let since: Int64? = row[4]
                let last: Int64 = row[3]
                let delay: Int64 = row[5]
                history.tallies[try Self.subject(row)] = LoginLockout.Tally(
                    failures: row[2], last: Column.date(last), refusedSince: Column.optionalDate(since), delay: Double(delay))
            }
            for row in try Row.fetchAll(db, sql: "SELECT account, address, last FROM login_address") {
                let last: Int64 = row[2]
                let key = LoginLockout.Familiarity(account: try Column.digest(row, 0), address: AddressGroup(text: row[1]))
                history.familiar[key] = Column.date(last)
            }
            return history
        }
    }

    public func save(_ changes: LoginHistory.Changes) async throws {
        try await database.write { db in
            for (subject, tally) in changes.tallies {
                let (account, address) = Self.key(subject)
                guard let tally else {
                    try db.execute(
                        sql: "DELETE FROM login_tally WHERE account = ? AND address = ?", arguments: [account, address])
                    continue
                }
                try db.execute(
                    sql: """
                        INSERT OR REPLACE INTO login_tally (account, address, failures, last, refused_since, delay)
                        VALUES (?, ?, ?, ?, ?, ?)
                        """,
                    arguments: [
                        account, address, tally.failures, Column.seconds(tally.last), tally.refusedSince.map(Column.seconds),
                        Int64(tally.delay.rounded(.down)),
                    ])
            }
            for (familiarity, last) in changes.familiar {
                let (account, address) = (Column.blob(familiarity.account), familiarity.address.text)
                guard let last else {
                    try db.execute(
                        sql: "DELETE FROM login_address WHERE account = ? AND address = ?", arguments: [account, address])
                    continue
                }
                try db.execute(
                    sql: "INSERT OR REPLACE INTO login_address (account, address, last) VALUES (?, ?, ?)",
                    arguments: [account, address, Column.seconds(last)])
            }
        }
    }

    /// Empty stands for all.
    private static func key(_ subject: LoginLockout.Subject) -> (account: Data, address: String) {
        switch subject {
        case .pair(let account, let address): (Column.blob(account), address.text)
        case .address(let address): (Data(), address.text)
        case .account(let account): (Column.blob(account), "")
        }
    }

    private static func subject(_ row: Row) throws -> LoginLockout.Subject {
        let account: Data = row[0]
        let address: String = row[1]
        if account.isEmpty { return .address(AddressGroup(text: address)) }
        let digest = try Column.digest(row, 0)
        return address.isEmpty ? .account(digest) : .pair(account: digest, address: AddressGroup(text: address))
    }
}
