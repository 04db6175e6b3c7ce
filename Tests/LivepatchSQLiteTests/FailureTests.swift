import FoundationEssentials
import GRDB
import LivepatchKit
import Testing

@testable import LivepatchSQLite

@Suite("A database in trouble")
struct FailureTests {
    @Test("damage is found, and said when it is met")
    func damaged() async throws {
        try await DatabaseDirectory.with { directory in
            let database = try directory.open()
            try await SQLiteCatalog(database).commit(try await SQLiteCatalog(database).preparedCommit("107.1", files: 2500))
            try database.close()

            var bytes = try directory.bytes()
            // The first third, where the schema is, stays; after it there is garbage where rows were.
            for index in (bytes.count / 3)..<bytes.count { bytes[index] = UInt8(truncatingIfNeeded: index &* 31 &+ 7) }
            try directory.write(bytes)
            let damaged = try directory.open()
            let found = try? await damaged.damage()
            #expect(found?.isEmpty != true)
            await expectError(.databaseUnavailable, saying: "damaged") {
                for file in (1...500).map({ file("107.1", kernel: $0) }) {
                    _ = try await SQLiteCatalog(damaged).files(of: patch("107.1"))
                    _ = try await SQLiteCatalog(damaged).files(holding: file.digest)
                    _ = try await SQLiteCatalog(damaged).versionDocument(patch("107.1"))
                }
            }
            try? damaged.close()
        }
    }

    @Test("a full disk changes nothing, and there is room again afterwards")
    func full() async throws {
        try await DatabaseDirectory.with { directory in
            let database = try directory.open()
            let catalog = SQLiteCatalog(database)
            _ = try await catalog.add(file("106.1"), entry: entry)
            let commit = try await catalog.preparedCommit("107.1", files: 2000)
            try await limitPages(of: database, to: "(SELECT page_count + 5 FROM pragma_page_count)")
            await expectError(.storageFull, saying: "no room") { try await catalog.commit(commit) }
            #expect(try await catalog.versions().map(\.version) == [patch("106.1")])
            try await limitPages(of: database, to: "1000000")
            try await catalog.commit(commit)
            #expect(try await catalog.version(patch("107.1"))?.files == 2000)
            try database.close()
        }
    }

    private func limitPages(of database: SQLiteDatabase, to expression: String) async throws {
        try await database.pool.writeWithoutTransaction { db in
            let pages = try Int.fetchOne(db, sql: "SELECT \(expression)") ?? 0
            _ = try Int.fetchOne(db, sql: "PRAGMA max_page_count = \(pages)")
        }
    }

    @Test("a database that another process holds is said to be held")
    func held() async throws {
        try await DatabaseDirectory.with { directory in
            let database = try directory.open(patience: 0.05)
            var configuration = GRDB.Configuration()
            configuration.allowsUnsafeTransactions = true
            let other = try DatabaseQueue(path: directory.path, configuration: configuration)
            try await other.writeWithoutTransaction { db in
                try db.execute(sql: "BEGIN IMMEDIATE; UPDATE catalogue SET revision = 77")
            }
            await expectError(.databaseUnavailable, saying: "another process") { try await SQLiteCatalog(database).record(entry) }
            // Readers see the last complete state meanwhile.
            #expect(try await SQLiteCatalog(database).revision().rawValue == 0)
            try await other.writeWithoutTransaction { try $0.execute(sql: "COMMIT") }
            #expect(try await SQLiteCatalog(database).revision().rawValue == 77)
            try await SQLiteCatalog(database).record(entry)
            try other.close()
            try database.close()
        }
    }

    @Test("a row that no release writes is damage, not a crash")
    func strangeRows() async throws {
        try await DatabaseDirectory.with { directory in
            let database = try directory.open()
            let catalog = SQLiteCatalog(database)
            _ = try await catalog.add(file("107.1"), entry: entry)
            try await database.pool.write { try $0.execute(sql: "UPDATE file SET digest = x'0102'") }
            await expectError(.databaseUnavailable, saying: "damaged") { _ = try await catalog.files(of: patch("107.1")) }
            for key in [-1, 1_000_000_000_000_000_000] {
                let sql = "INSERT INTO version (id, source, arrived, released, files, available, bytes, cves)"
                try await database.pool.write {
                    try $0.execute(sql: "\(sql) VALUES (?, 'imported', 0, 0, 0, 0, 0, '')", arguments: [key])
                }
                await expectError(.databaseUnavailable, saying: "\(key)") { _ = try await catalog.versions() }
                try await database.pool.write { try $0.execute(sql: "DELETE FROM version WHERE id = ?", arguments: [key]) }
            }
            try await database.pool.write { try $0.execute(sql: "UPDATE catalogue SET sync_state = '{'") }
            await expectError(.databaseUnavailable, saying: "damaged") { _ = try await catalog.syncState() }
            try await database.pool.write { try $0.execute(sql: "UPDATE tier SET name = 'Not A Tier' WHERE position = 1") }
            await expectError(.databaseUnavailable, saying: "damaged") { _ = try await catalog.tierState() }
            try database.close()
        }
    }

    @Test("a power cut inside a switch leaves the old view, one after it the new view")
    func powerCut() async throws {
        try await DatabaseDirectory.with { directory in
            let database = try directory.open()
            let catalog = SQLiteCatalog(database)
            _ = try await catalog.add(file("106.1"), entry: entry)
            let commit = try await catalog.preparedCommit("107.1", files: 3000, removed: ["106.1"])
            try await database.pool.write { db in
                // So small a cache that most of the transaction is in the log before it ends.
                try db.execute(sql: "PRAGMA cache_size = 10")
                try CommitTransaction(commit: commit, db: db).run()
                try directory.copy(to: "during.db")
            }
            try directory.copy(to: "after.db")
            #expect(try directory.bytes("during.db-wal").count > 100_000)

            let during = try directory.open("during.db")
            #expect(try await SQLiteCatalog(during).versions().map(\.version) == [patch("106.1")])
            #expect(try await SQLiteCatalog(during).tierState().state.reach.keys.sorted() == [patch("106.1")])
            // What the sync fetched is still there, so that it is not fetched again.
            #expect(try await SQLiteCatalog(during).fetchedDocument(commit.changed[0].document.digest) != nil)
            #expect(try await during.damage().isEmpty)
            try during.close()

            let after = try directory.open("after.db")
            #expect(try await SQLiteCatalog(after).version(patch("107.1"))?.files == 3000)
            #expect(try await SQLiteCatalog(after).versions().map(\.version) == [patch("107.1")])
            #expect(try await after.damage().isEmpty)
            try after.close()
            try database.close()
        }
    }
}
