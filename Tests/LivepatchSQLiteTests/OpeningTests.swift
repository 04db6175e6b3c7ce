import FoundationEssentials
import GRDB
import LivepatchKit
import Testing

@testable import LivepatchSQLite

@Suite("Opening a database")
struct OpeningTests {
    @Test("a missing or empty file becomes a database that keeps what it acknowledged", arguments: [false, true])
    func new(_ empty: Bool) async throws {
        try await DatabaseDirectory.with { directory in
            if empty { try directory.write([]) }
            let database = try directory.open()
            _ = try await SQLiteCatalog(database).add(file("107.1"), entry: entry)
            let settings = try await database.pool.write { db in
                (
                    try String.fetchOne(db, sql: "PRAGMA journal_mode"), try Int.fetchOne(db, sql: "PRAGMA synchronous"),
                    try Int.fetchOne(db, sql: "PRAGMA foreign_keys"),
                    try Int32.fetchOne(db, sql: "PRAGMA application_id")
                )
            }
            #expect(settings.0 == "wal")
            #expect(settings.1 == 2)
            #expect(settings.2 == 1)
            #expect(settings.3 == SchemaInspection.applicationID)
            #expect(try await database.damage().isEmpty)
            try database.close()
            #expect(try directory.bytes("livepatch.db-wal").isEmpty)

            let again = try directory.open()
            #expect(try await SQLiteCatalog(again).file(file("107.1").name)?.file == file("107.1"))
            try again.close()
        }
    }

    @Test("a new file is its owner's alone")
    func mode() async throws {
        try await DatabaseDirectory.with { directory in
            let database = try directory.open()
            for name in [directory.path, directory.path + "-wal"] {
                let attributes = try FileManager.default.attributesOfItem(atPath: name)
                let mode = try #require(attributes[.posixPermissions] as? Int)
                #expect(mode & 0o077 == 0)
            }
            try database.close()
        }
    }

    @Test("a file that was killed between its creation and its first transaction is taken up")
    func halfCreated() async throws {
        try await DatabaseDirectory.with { directory in
            try directory.sql("PRAGMA user_version = 0; CREATE TABLE t (a); DROP TABLE t")
            #expect(try directory.bytes().count > 0)
            try directory.open().close()
        }
    }

    @Test("a snapshot that an earlier release kept, which did not tell what was in no tier, can be read")
    func oldSnapshot() async throws {
        try await DatabaseDirectory.with { directory in
            let database = try directory.open()
            try await database.pool.write {
                try $0.execute(
                    sql: "INSERT INTO tier_snapshot (taken, reason, content) VALUES (0, 'sync-tiers', ?)",
                    arguments: [#"{"reach":{"107.1":"stable"},"tiers":["edge","stable"]}"#])
            }
            let snapshot = try #require(try await SQLiteCatalog(database).tierSnapshots().first)
            #expect(snapshot.tiers.map(\.description) == ["edge", "stable"])
            #expect(snapshot.reach[patch("107.1")]?.description == "stable")
            #expect(snapshot.unplaced == nil)
            try database.close()
        }
    }

    @Test("many who open a new database at once all get the same")
    func race() async throws {
        try await DatabaseDirectory.with { directory in
            let ids = try await withThrowingTaskGroup(of: DeploymentID.self) { group in
                for _ in 0..<6 {
                    group.addTask {
                        let database = try directory.open()
                        let id = try await SQLiteCatalog(database).deployment()
                        try database.close()
                        return id
                    }
                }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(ids.count == 1)
        }
    }

    @Test("a newer release's schema is refused, by the name of its migration, and left alone")
    func newer() async throws {
        try await DatabaseDirectory.with { directory in
            try directory.open().close()
            try directory.sql("INSERT INTO schema_migration (position, name, applied) VALUES (99, '99 time travel', 0)")
            let before = try directory.bytes()
            await expectError(.databaseNewer, saying: "'99 time travel'") { _ = try directory.open() }
            #expect(try directory.bytes() == before)
        }
    }

    @Test("a file that is not SQLite is refused and left alone")
    func notSQLite() async throws {
        try await DatabaseDirectory.with { directory in
            let text = Array(String(repeating: "All work and no play makes Jack a dull boy. ", count: 200).utf8)
            try directory.write(text)
            await expectError(.databaseForeign) { _ = try directory.open() }
            #expect(try directory.bytes() == text)
        }
    }

    @Test("another program's SQLite file is refused and left alone")
    func foreign() async throws {
        try await DatabaseDirectory.with { directory in
            try directory.sql("CREATE TABLE song (title TEXT); INSERT INTO song VALUES ('Yesterday')")
            let before = try directory.bytes()
            await expectError(.databaseForeign, saying: "another program") { _ = try directory.open() }
            #expect(try directory.bytes() == before)
            try directory.sql("DELETE FROM song; DROP TABLE song; PRAGMA application_id = 7")
            await expectError(.databaseForeign) { _ = try directory.open() }
        }
    }

    @Test("what cannot be a file is said to be so")
    func places() async throws {
        try await DatabaseDirectory.with { directory in
            await expectError(.databaseUnavailable, saying: "No such file or directory") {
                _ = try directory.open("missing/livepatch.db")
            }
            try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: true)
            await expectError(.databaseUnavailable, saying: "See that it is a file") { _ = try directory.open() }
        }
    }

    @Test("a directory that cannot be written is said to be so", .enabled(if: mayNotWriteEverywhere))
    func readOnlyDirectory() async throws {
        try await DatabaseDirectory.with { directory in
            try directory.open().close()
            let path = directory.directory.path
            try FileManager.default.setAttributes([.posixPermissions: 0o500], ofItemAtPath: path)
            defer { try? FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: path) }
            await expectError(.databaseUnavailable) { _ = try directory.open() }
            await expectError(.databaseUnavailable) { _ = try directory.open("other.db") }
        }
    }

    /// Root writes wherever it likes, so that what it is not allowed to do cannot be tested as root.
    private static var mayNotWriteEverywhere: Bool {
        !FileManager.default.isWritableFile(atPath: "/")
    }

    @Test("nothing is possible after closing")
    func closed() async throws {
        try await DatabaseDirectory.with { directory in
            let database = try directory.open()
            let catalog = SQLiteCatalog(database)
            _ = try await catalog.revision()
            try database.close()
            await expectError(.databaseUnavailable, saying: "closed") { _ = try await catalog.revision() }
            await expectError(.databaseUnavailable, saying: "closed") { try await catalog.record(entry) }
        }
    }
}

@Suite("Bringing a schema up to date")
struct UpgradeTests {
    private static let migration = SchemaMigration.releases.name

    /// A database that lacks a migration.
    private func older(_ directory: DatabaseDirectory) throws {
        try directory.open().close()
        try directory.sql(
            """
            ALTER TABLE schema_migration DROP COLUMN release;
            DELETE FROM schema_migration WHERE name = '\(Self.migration)';
            """)
    }

    /// Where the state before is kept: named by how many migrations it has, and the next one.
    private func copy(in directory: DatabaseDirectory) -> String {
        "\(directory.path).before-\(SchemaMigration.all.count)"
    }

    @Test("keeps a whole copy of the database before, and notes the release")
    func copies() async throws {
        try await DatabaseDirectory.with { directory in
            let before = try directory.open()
            _ = try await SQLiteCatalog(before).add(file("107.1"), entry: entry)
            let revision = try await SQLiteCatalog(before).revision()
            try before.close()
            try older(directory)
            let forecast = try SchemaForecast(path: directory.path)
            #expect(forecast.upgrade.pending == [Self.migration] && forecast.upgrade.copy == copy(in: directory))
            #expect(forecast.rows.contains { $0.table == "schema_migration" && $0.count == SchemaMigration.all.count - 1 })

            let database = try SQLiteDatabase(path: directory.path, release: "7.8.9")
            #expect(database.upgrade == forecast.upgrade)
            #expect(try await SQLiteCatalog(database).revision() == revision)
            let noted = try await database.pool.read {
                try String.fetchOne($0, sql: "SELECT release FROM schema_migration WHERE name = ?", arguments: [Self.migration])
            }
            #expect(noted == "7.8.9")
            try database.close()

            let names = try FileManager.default.contentsOfDirectory(atPath: directory.directory.path)
            #expect(!names.contains { $0.hasSuffix(".partial") }, "\(names)")
            let mode = try FileManager.default.attributesOfItem(atPath: copy(in: directory))[.posixPermissions] as? Int
            #expect(mode == 0o600)
            let copied = try SchemaForecast(path: copy(in: directory))
            #expect(copied.upgrade.pending == [Self.migration])
            #expect(try await SQLiteDatabase.damage(of: copy(in: directory), within: .seconds(60)) == [])
            // A new one, and one that is up to date, have nothing to keep.
            let again = try directory.open()
            #expect(again.upgrade == nil)
            try again.close()
        }
    }

    @Test("of many who open an old database at once one keeps the copy, of the state before")
    func race() async throws {
        try await DatabaseDirectory.with { directory in
            try older(directory)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<5 { group.addTask { try directory.open().close() } }
                try await group.waitForAll()
            }
            #expect(try SchemaForecast(path: copy(in: directory)).upgrade.pending == [Self.migration])
            #expect(try SchemaForecast(path: directory.path).upgrade.pending.isEmpty)
        }
    }

    @Test("a newer schema is refused with the release that made it, where that was noted")
    func newerRelease() async throws {
        try await DatabaseDirectory.with { directory in
            try directory.open().close()
            try directory.sql(
                "INSERT INTO schema_migration (position, name, applied, release) VALUES (99, '99 time travel', 0, '9.9.9')")
            let before = try directory.bytes()
            await expectError(.databaseNewer, saying: "release 9.9.9") { _ = try directory.open() }
            await expectError(.databaseNewer, saying: "'99 time travel'") { _ = try SchemaForecast(path: directory.path) }
            #expect(try directory.bytes() == before)
        }
    }

    @Test("a log that a killed process left stays where it is when its database is looked at, or refused")
    func log() async throws {
        try await DatabaseDirectory.with { directory in
            let database = try directory.open()
            _ = try await SQLiteCatalog(database).add(file("107.1"), entry: entry)
            try directory.copy(to: "killed.db")
            try await database.pool.write {
                try $0.execute(
                    sql: "INSERT INTO schema_migration (position, name, applied) VALUES (99, '99 time travel', 0)")
            }
            try directory.copy(to: "newer.db")
            try database.close()
            func files(_ name: String) throws -> [[UInt8]] { [try directory.bytes(name), try directory.bytes("\(name)-wal")] }

            let newer = try files("newer.db")
            #expect(newer[1].count > 0)
            await expectError(.databaseNewer) { _ = try directory.open("newer.db") }
            await expectError(.databaseNewer) { _ = try SchemaForecast(path: directory.path("newer.db")) }
            await expectError(.databaseNewer) {
                _ = try await SQLiteDatabase.damage(of: directory.path("newer.db"), within: .seconds(60))
            }
            #expect(try files("newer.db") == newer)

            let killed = try files("killed.db")
            #expect(try SchemaForecast(path: directory.path("killed.db")).upgrade.pending.isEmpty)
            #expect(try await SQLiteDatabase.damage(of: directory.path("killed.db"), within: .seconds(60)) == [])
            #expect(try files("killed.db") == killed)
            let opened = try directory.open("killed.db")
            #expect(try await SQLiteCatalog(opened).versions().map(\.version) == [patch("107.1")])
            try opened.close()
        }
    }

    @Test("a copy for a backup is of one moment, and replaces nothing")
    func copying() async throws {
        try await DatabaseDirectory.with { directory in
            let database = try directory.open()
            _ = try await SQLiteCatalog(database).add(file("107.1"), entry: entry)
            try await database.copy(to: directory.path("copy.db"))
            _ = try await SQLiteCatalog(database).add(file("108.1"), entry: entry)
            await expectError(.alreadyExists) { try await database.copy(to: directory.path("copy.db")) }
            let copy = try directory.open("copy.db")
            #expect(try await SQLiteCatalog(copy).versions().map(\.version) == [patch("107.1")])
            #expect(try await copy.damage().isEmpty)
            try copy.close()
            try database.close()
        }
    }

    @Test("damage is found before anything is opened, and a file that was cut off is not taken for whole")
    func damage() async throws {
        try await DatabaseDirectory.with { directory in
            let database = try directory.open()
            for number in 0..<300 { _ = try await SQLiteCatalog(database).add(file("\(number + 1).1"), entry: entry) }
            try database.close()
            let whole = try directory.bytes()
            try directory.write(Array(whole.dropLast(4096)))
            await expectError(.databaseUnavailable, saying: "cut off") { _ = try directory.open() }
            #expect(try directory.bytes().count == whole.count - 4096)
            var spoiled = whole
            spoiled.replaceSubrange(8192..<(whole.count - 4096), with: repeatElement(0x5A, count: whole.count - 12288))
            try directory.write(spoiled)
            do {
                let found = try await SQLiteDatabase.damage(of: directory.path, within: .seconds(60))
                #expect(found?.isEmpty == false)
            } catch let error as LivepatchError {
                #expect(error.code == .databaseUnavailable)
            }
            #expect(try directory.bytes() == spoiled)
        }
    }
}
