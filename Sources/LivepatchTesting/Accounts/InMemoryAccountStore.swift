public import FoundationEssentials
public import LivepatchKit

/// The administrators' accounts and sessions in an ``InMemoryDatabase``.
public struct InMemoryAccountStore: AccountStore {
    private let database: InMemoryDatabase

    public init(_ database: InMemoryDatabase) { self.database = database }

    /// In order of name.
    public func accounts() async throws -> [Account] {
        try database.read { $0.accounts.values.sorted { $0.user < $1.user } }
    }

    /// - Throws: ``LivepatchError`` with the code `already-exists`.
    public func addAccount(_ account: Account) async throws {
        try database.write { tables in
            guard tables.accounts[account.user] == nil else { throw LivepatchError.accountExists(account.user) }
            tables.accounts[account.user] = account
        }
    }

    public func addSession(_ session: AdminSession) async throws {
        try database.write {
            $0.sessions[session.hash] = AdminSession(
                user: session.user, hash: session.hash, created: Timestamp.wholeSecond(session.created),
                expires: Timestamp.wholeSecond(session.expires), credential: session.credential, address: session.address,
                lastUsed: session.lastUsed.map(Timestamp.wholeSecond))
        }
    }

    public func session(hash: SHA256Digest) async throws -> AdminSession? { try database.read { $0.sessions[hash] } }

    public func sessions() async throws -> [AdminSession] { try database.read { Array($0.sessions.values) } }

    public func noteUse(of hash: SHA256Digest, at time: Date) async throws {
        try database.write { tables in
            guard let session = tables.sessions[hash] else { return }
            tables.sessions[hash] = AdminSession(
                user: session.user, hash: hash, created: session.created, expires: session.expires,
                credential: session.credential, address: session.address, lastUsed: Timestamp.wholeSecond(time))
        }
    }

    public func removeSessions(_ hashes: [SHA256Digest]) async throws {
        try database.write { tables in for hash in hashes { tables.sessions[hash] = nil } }
    }

    public func removeSessions(expiredBefore time: Date) async throws {
        let time = Timestamp.wholeSecond(time)
        try database.write { tables in tables.sessions = tables.sessions.filter { $0.value.expires >= time } }
    }
}
