import FoundationEssentials
import LivepatchFiles
import LivepatchKit
import LivepatchSQLite
import ScriptedServer
import Testing

@testable import livepatch_sync

@Suite struct `Syncing into a data directory` {
    private func reports(_ directory: String) async throws -> [SyncReport] {
        let database = try SQLiteDatabase(path: DataDirectory(directory).database)
        defer { try? database.close() }
        return try await SQLiteSyncReportStore(database).reports(limit: 10)
    }

    @Test func `catalogue, content and report are what a server would make`() async throws {
        try await withUpstream { upstream, directory async throws in
            let files = try await upstream.release("107.1")
            #expect(try await Run.run(["--data-dir", directory] + upstream.options) == 0)
            let database = try SQLiteDatabase(path: DataDirectory(directory).database)
            let records = try await SQLiteCatalog(database).files(of: PatchVersion(107, 1))
            #expect(records.map(\.file) == files.sorted { $0.name < $1.name })
            #expect(records.map(\.available) == [true, true])
            try database.close()
            let storage = try DirectoryPatchStorage(at: directory)
            for file in files { #expect(try await storage.length(of: file.digest) == file.length) }
            #expect(try await Run.run(["--data-dir", directory, "--format", "json"] + upstream.options) == 0)
            #expect(try await reports(directory).map(\.result) == [.unchanged, .complete])
        }
    }

    @Test func `a file that cannot be had makes it partial, with status 75`() async throws {
        try await withUpstream { upstream, directory async throws in
            let bad = try await upstream.release("107.1")[0].name.description
            upstream.spoil { request, answer in request.path.hasSuffix(bad) ? .status(404) : answer }
            #expect(try await Run.run(["--data-dir", directory] + upstream.options) == 75)
            #expect(try await reports(directory).first?.failures.first?.file?.description == bad)
            upstream.spoil { $1 }
            #expect(try await Run.run(["--data-dir", directory, "--quiet"] + upstream.options) == 0)
        }
    }

    @Test func `a refused token is a failure with its own status`() async throws {
        try await withUpstream { upstream, directory async throws in
            upstream.spoil { _, _ in .status(401) }
            #expect(try await Run.run(["--data-dir", directory] + upstream.options) == 77)
            #expect(try await reports(directory).first?.failures.first?.code == "upstream-refused-token")
        }
    }

    @Test func `two at once exclude each other`() async throws {
        try await withUpstream { upstream, directory async throws in
            try await upstream.release("107.1")
            let lock = try DataDirectory(directory).syncLock()
            let ran: Void? = try await lock.tryExclusive {
                #expect(await code { _ = try await Run.run(["--data-dir", directory] + upstream.options) } == .syncUnderWay)
            }
            #expect(ran != nil)
        }
    }
}
