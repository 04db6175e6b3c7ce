import Foundation
import LivepatchAPI
import LivepatchKit
import Synchronization
import Testing

@testable import livepatch_admin

@Suite struct ImportTests {
    private func name(_ number: Int) -> String { "livepatch-5.15.0-107.117-generic-\(number).1-amd64.tar.bz2" }

    private func make(_ names: [String], in directory: String) throws {
        for name in names { try Data("abc".utf8).write(to: URL(fileURLWithPath: "\(directory)/\(name)")) }
    }

    @Test func `A directory's patch files are uploaded, a few at once, and other files left out`() async throws {
        try await withTemporaryDirectory { directory in
            try make((1...12).map(name) + ["README", ".hidden"], in: directory)
            let server = AnsweringServer()
            let run = try await Invocation.run("patch", "import", directory, "--jobs", "2", server: server)
            #expect(run.status == 0)
            #expect(run.output.hasPrefix("12 files imported (18 KiB) of 1.1, 2.1,"))
            #expect(run.output.hasSuffix("0 there already, 0 refused.\n"))
            #expect(run.errorOutput.contains("1 file in the directories have no patch file's name"))
            #expect(run.errorOutput.hasSuffix("Importing…\nImporting: 12/12 files, 36 B/36 B.\n"))
            #expect((1...2).contains(server.mostUploading))
        }
    }

    @Test func `Refused files are listed with their reasons, the others go on, and the status is 65`() async throws {
        try await withTemporaryDirectory { directory in
            try make([name(1), name(2), name(3), "livepatch-nonsense.tar.bz2"], in: directory)
            let bad = name(2)
            let known = name(3)
            let server = AnsweringServer {
                $0.importing = { filename in
                    if filename == bad { throw LivepatchError(.patchNotLivepatch, "It is not a live patch.") }
                    return filename != known
                }
            }
            let run = try await Invocation.run("patch", "import", directory, server: server)
            #expect(run.status == 65)
            #expect(run.output.contains("\(directory)/\(bad)"))
            #expect(run.output.contains("It is not a live patch."))
            #expect(run.output.contains("'livepatch-nonsense.tar.bz2' is not a patch file's name"))
            #expect(run.output.hasSuffix("1 file imported (1.5 KiB) of 1.1, 1 there already, 2 refused.\n"))
            #expect(!server.asked.contains { $0.contains("nonsense") })
        }
    }

    @Test func `An error that every file would meet ends the import, after telling what was done`() async throws {
        try await withTemporaryDirectory { directory in
            try make((1...9).map(name), in: directory)
            let third = name(3)
            let server = AnsweringServer {
                $0.importing = { filename in
                    if filename >= third { throw LivepatchError(.storageFull, "The storage has no room.") }
                    return true
                }
            }
            let run = try await Invocation.run("patch", "import", directory, "--jobs", "1", server: server)
            #expect(run.status == 74)
            #expect(run.output == "2 files imported (3.0 KiB) of 1.1, 2.1, 0 there already, 0 refused.\n")
            #expect(run.errorOutput.hasSuffix("The storage has no room.\n"))
            #expect(server.asked.count == 3)
        }
    }

    @Test func `CVEs may be repeated and listed, and are checked before anything is sent`() async throws {
        try await withTemporaryDirectory { directory in
            try make([name(1)], in: directory)
            let server = AnsweringServer()
            let path = "\(directory)/\(name(1))"
            _ = try await Invocation.run(
                "patch", "import", path, "--cve", "CVE-2024-1086,CVE-2024-0002", "--cve", "CVE-2024-0003", server: server)
            #expect(server.asked == ["import \(name(1)) CVE-2024-1086+CVE-2024-0002+CVE-2024-0003"])
            let refused = try await Invocation.run("patch", "import", path, "--cve", "1086", server: server)
            #expect(refused.status == 65)
            #expect(server.asked.count == 1)
        }
    }

    @Test func `A file that is named twice is uploaded once`() async throws {
        try await withTemporaryDirectory { directory in
            try make([name(1)], in: directory)
            let server = AnsweringServer()
            _ = try await Invocation.run("patch", "import", directory, "\(directory)/\(name(1))", server: server)
            #expect(server.asked.count == 1)
        }
    }

    @Test func `What is not there is named before anything is sent`() async throws {
        let server = AnsweringServer()
        let run = try await Invocation.run("patch", "import", "/nonexistent/file", server: server)
        #expect(run.status == 66)
        #expect(server.asked == [])
        try await withTemporaryDirectory { directory in
            let empty = try await Invocation.run("patch", "import", directory, server: server)
            #expect(empty.status == 66)
        }
    }

    @Test func `As JSON the result has every file and every refusal`() async throws {
        try await withTemporaryDirectory { directory in
            try make([name(1), "livepatch-nonsense.tar.bz2"], in: directory)
            let run = try await Invocation.run("patch", "import", directory, "--format", "json")
            let summary = try DocumentCoding.decode(ImportSummary.self, from: Array(run.output.utf8))
            #expect(summary.imported.map(\.file.name.description) == [name(1)])
            #expect(summary.refused.map(\.code) == ["patch-name-invalid"])
            #expect(run.status == 65)
        }
    }
}
