import FoundationEssentials
import GRDB
import LivepatchKit
import Testing

@testable import LivepatchSQLite

/// A directory of its own for a test's database files.
struct DatabaseDirectory {
    let directory: URL

    static func with(_ body: (DatabaseDirectory) async throws -> Void) async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "livepatch-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        try await body(DatabaseDirectory(directory: directory))
    }

    var path: String { path("livepatch.db") }

    func path(_ name: String) -> String { directory.appending(path: name).path }

    func open(_ name: String = "livepatch.db", patience: Double = 5) throws -> SQLiteDatabase {
        try SQLiteDatabase(path: path(name), patience: patience)
    }

    func bytes(_ name: String = "livepatch.db") throws -> [UInt8] {
        Array(try Data(contentsOf: directory.appending(path: name)))
    }

    func write(_ bytes: [UInt8], _ name: String = "livepatch.db") throws {
        try Data(bytes).write(to: directory.appending(path: name))
    }

    /// Changes a file behind the library's back.
    func sql(_ sql: String, _ name: String = "livepatch.db") throws {
        let queue = try DatabaseQueue(path: path(name))
        try queue.write { try $0.execute(sql: sql) }
        try queue.close()
    }

    /// Copies what a power cut would leave behind: the file and its log, without the index that only lives in memory.
    func copy(to name: String) throws {
        try write(try bytes(), name)
        try write(try bytes("livepatch.db-wal"), "\(name)-wal")
    }
}

/// Expects an error with a code whose text has some words in it.
func expectError(
    _ code: LivepatchError.Code, saying words: String = "", sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> Void
) async {
    do {
        try await body()
        Issue.record("nothing was thrown", sourceLocation: sourceLocation)
    } catch {
        #expect((error as? LivepatchError)?.code == code, "\(error)", sourceLocation: sourceLocation)
        #expect(words.isEmpty || "\(error)".contains(words), "\(error)", sourceLocation: sourceLocation)
    }
}
