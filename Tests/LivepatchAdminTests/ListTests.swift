import LivepatchAPI
import LivepatchConsole
import LivepatchKit
import Testing

@testable import livepatch_admin

@Suite struct ListTests {
    @Test(
        arguments: [
            (["tier", "list"], "edge\nbeta\ncandidate\nstable\n"), (["tier", "snapshots"], "1\n"),
            (["patch", "list"], "107.1\n"),
            (["patch", "show", "107.1"], Samples.fileName + "\n"), (["history"], "3\n"),
            (["storage", "patches"], Samples.fileName + "\n"),
            (["sync-tokens", "list"], "my-token\n"), (["sync", "reports"], "5\n"), (["status"], "origin\n"),
        ] as [([String], String)])
    func `Every list prints names alone, JSON and YAML`(words: [String], names: String) async throws {
        #expect(try await run(words + ["--quiet"]).output == names)
        for format in ["json", "yaml"] {
            let document = try await run(words + ["--format", format])
            #expect(document.errorOutput == "")
            #expect(document.output.hasPrefix(format == "json" ? "{\n" : "") && document.output.contains(":"))
        }
        let table = try await run(words)
        #expect(table.status == 0)
        #expect(!table.output.isEmpty)
    }

    private func run(_ words: [String]) async throws -> Invocation {
        switch words.count {
        case 1: try await .run(words[0])
        case 2: try await .run(words[0], words[1])
        case 3: try await .run(words[0], words[1], words[2])
        case 4: try await .run(words[0], words[1], words[2], words[3])
        default: try await .run(words[0], words[1], words[2], words[3], words[4])
        }
    }

    @Test func `A patch version shows where it is and what is missing`() async throws {
        let output = try await Invocation.run("patch", "show", "107.1").output
        #expect(output.contains("Tiers:    edge, beta\n"))
        #expect(output.contains("Files:    2 files, of which 1 can be served, 3.0 KiB\n"))
        #expect(output.contains("\n\nFILE"))
    }

    @Test func `A service that is not well makes the status a failed check`() async throws {
        let server = AnsweringServer { $0.services = ["database": ServiceStatusBody(status: "It is locked.")] }
        let run = try await Invocation.run("status", server: server)
        #expect(run.status == 69)
        #expect(run.output.contains("It is locked."))
    }

    @Test func `Damage that stays is told by the exit status`() async throws {
        let file = Samples.file()
        func run(repaired: Bool) async throws -> Invocation {
            let finding = StorageVerification.Finding(file: file.name, digest: file.digest, fault: .damaged, repaired: repaired)
            let server = AnsweringServer { $0.verification = StorageVerification(files: 2, bytes: 2048, findings: [finding]) }
            return try await .run("storage", "verify", "--repair", server: server)
        }
        let damaged = try await run(repaired: false)
        #expect(damaged.status == 74)
        #expect(damaged.output.hasSuffix("2 files with 2.0 KiB verified: 1 wrong, 0 repaired.\n"))
        #expect(try await run(repaired: true).status == 0)
    }

    @Test func `Files that the drop folder keeps are told by the exit status`() async throws {
        let server = AnsweringServer {
            $0.refresh = StorageRefresh(
                imported: [Samples.file().name], refused: [.init(file: "x", code: "patch-name-invalid", message: "No.")])
        }
        let run = try await Invocation.run("storage", "refresh", server: server)
        #expect(run.status == 65)
        #expect(run.output.contains("imported  \(Samples.fileName)\nrefused   x: No.\n"))
    }

    @Test func `A fetch ahead of time says what came, and what did not by the exit status`() async throws {
        let good = AnsweringServer { $0.prefetch = StoragePrefetch(files: 2, bytes: 2048, present: 3) }
        let run = try await Invocation.run("storage", "prefetch", "--tier", "stable", server: good)
        #expect(run.status == 0 && run.output == "2 files with 2.0 KiB fetched, 3 here already.\n")
        #expect(good.asked == ["prefetch stable"])
        let bad = AnsweringServer {
            $0.prefetch = StoragePrefetch(
                files: 1, bytes: 1024, failures: [.init(file: Samples.file().name, code: "upstream-lacks", message: "No.")],
                left: 4)
        }
        let failed = try await Invocation.run("storage", "prefetch", server: bad)
        #expect(failed.status == 1)
        #expect(failed.output.hasSuffix("1 file with 1.0 KiB fetched, 0 here already, 1 failed, 4 not tried any more.\n"))
        #expect(failed.output.hasPrefix("failed  \(Samples.fileName): No.\n"))
        #expect(bad.asked == ["prefetch all"])
        let data = try await Invocation.run("storage", "prefetch", "--format", "json", server: bad)
        #expect(data.status == 1 && data.output.contains(#""left": 4"#))
    }

    @Test func `A collection says what it frees, and a dry run what it would`() async throws {
        let server = AnsweringServer {
            $0.collection = StorageCollection(files: [Samples.file().name], bytes: 1024, dryRun: true)
        }
        let run = try await Invocation.run("storage", "gc", "--dry-run", server: server)
        #expect(run.output.hasPrefix("would remove  \(Samples.fileName)\nWould free 1.0 KiB: 1 file"))
        #expect(server.asked == ["collect true"])
        #expect(try await Invocation.run("storage", "gc").output == "There is nothing to remove.\n")
    }
}
