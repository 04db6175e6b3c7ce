import GRDB
import LivepatchKit

extension SQLiteDatabase {
    /// Looks through the whole file for damage, without checking that every index entry has its row. Takes about a second for
    /// each gigabyte.
    ///
    /// - Returns: what is damaged, at most 20 findings; empty if nothing is.
    public func damage() async throws -> [String] { try await read { try Self.quickCheck($0) } }

    /// Looks through the file for damage, as far as it comes in some time.
    /// - Returns: what is damaged; `nil` if the time was too short.
    public func damage(within limit: Duration) async throws -> [String]? {
        try await Self.bounded(limit) { try await self.damage() }
    }

    private static func quickCheck(_ db: Database) throws -> [String] {
        let findings = try String.fetchAll(db, sql: "PRAGMA quick_check(20)")
        return findings == ["ok"] ? [] : findings
    }

    private static func bounded(
        _ limit: Duration, _ look: @escaping @Sendable () async throws -> [String]
    ) async throws -> [String]? {
        try await withThrowingTaskGroup(of: [String]?.self) { group in
            group.addTask { try await look() }
            group.addTask {
                // Ends early when the other one has ended.
                try? await Task.sleep(for: limit)
                return nil
            }
            // A look that is cancelled is interrupted.
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }
}

extension SQLiteDatabase {
    /// Looks through a database that nobody has opened yet, as ``damage(within:)`` does, and changes nothing.
    /// - Throws: ``LivepatchError`` with the codes `database-foreign`, `database-newer`, `database-unavailable`.
    public static func damage(of path: String, within limit: Duration) async throws -> [String]? {
        try DatabaseHeader.check(path)
        do {
            let queue = try DatabaseQueue(path: path, configuration: SchemaInspection.untouching(path))
            defer { try? queue.close() }
            return try await bounded(limit) {
                try await queue.read { db in
                    _ = try SchemaInspection.look(db, path: path)
                    return try quickCheck(db)
                }
            }
        } catch {
            throw SQLiteFault.explain(error, path: path)
        }
    }
}
