import ConsoleRecording
import LivepatchAPI
import LivepatchKit
import Testing

@testable import livepatch_admin

@Suite struct SyncTests {
    private func waited(_ events: [SyncEventBody], _ options: String...) async throws -> Invocation {
        let server = AnsweringServer { $0.syncEvents = events }
        return try await Invocation.run("sync", "trigger", "--wait", server: server)
    }

    private let progress = SyncProgress(
        started: RecordedConsole.now, phase: .transferring, filesToFetch: 2, filesSkipped: 7, filesDone: 2, bytesToFetch: 3072,
        bytesDone: 3072)

    @Test(arguments: [SyncReport.Result.complete, .unchanged]) func `A sync that did everything ends with 0`(
        result: SyncReport.Result
    ) async throws {
        let run = try await waited([.started(joined: false), .progress(progress), .ended(Samples.report(result))])
        #expect(run.status == 0)
        #expect(run.output.contains("Result:    \(result.rawValue)\n"))
        #expect(run.output.contains("Files:     2 fetched (3.0 KiB), 7 there already\n"))
        #expect(run.errorOutput == "Syncing…\nSyncing: 2/2 files, 7 there already, 3.0 KiB/3.0 KiB.\n")
    }

    @Test func `A partial sync asks for another try and names what is missing`() async throws {
        let file = Samples.file().name
        let failure = SyncReport.Failure(file: file, code: "upstream-lacks", message: "The upstream does not hold it.")
        let run = try await waited([.started(joined: true), .ended(Samples.report(.partial, failures: [failure]))])
        #expect(run.status == 75)
        #expect(run.output.contains("Failure:   \(file): The upstream does not hold it.\n"))
        #expect(run.errorOutput.contains("A sync was under way already."))
    }

    @Test(arguments: LivepatchError.Code.allCases) func `A failed sync ends with the status of its failure`(
        code: LivepatchError.Code
    ) async throws {
        let failure = SyncReport.Failure(file: nil, code: code.rawValue, message: "It failed.")
        let run = try await waited([.started(joined: false), .ended(Samples.report(.failed, failures: [failure]))])
        #expect(run.status == ErrorDisposition(of: code).exit.rawValue)
        #expect(run.status != 0)
        #expect(run.output.contains("It failed."))
    }

    @Test func `A failed sync that names no failure still fails`() async throws {
        #expect(try await waited([.ended(Samples.report(.failed))]).status == 1)
    }

    @Test func `An answer that breaks off is not taken for success`() async throws {
        let run = try await waited([.started(joined: false), .progress(progress)])
        #expect(run.status == 69)
        #expect(run.output == "")
    }

    @Test func `A problem ends with its status`() async throws {
        let problem = Problem(LivepatchError(.syncNotConfigured, "No upstream is configured."))
        #expect(try await waited([.problem(problem)]).status == 78)
    }

    @Test func `Without --wait one line says that it runs`() async throws {
        let server = AnsweringServer { $0.syncEvents = [.started(joined: false)] }
        let run = try await Invocation.run("sync", "trigger", "--accept-removals", server: server)
        #expect(run.status == 0)
        #expect(run.output == "")
        #expect(run.errorOutput == "A sync was started; see `livepatch-admin sync status`.\n")
        #expect(server.asked == ["sync false true"])
        let document = try await Invocation.run("sync", "trigger", "--format", "json", server: server)
        #expect(document.output.contains("\"joined\": false"))
    }

    @Test func `A trace has a line for each server, and says why it goes no further`() async throws {
        let run = try await Invocation.run("sync", "trace", "107.1")
        #expect(run.status == 0)
        #expect(run.output.contains("not here"))
        #expect(run.output.contains("The server above cannot be reached."))
        #expect(try await Invocation.run("sync", "trace", "107.1", "--format", "json").output.contains("\"hops\""))
    }

    @Test func `Reports are listed with their numbers`() async throws {
        #expect(try await Invocation.run("sync", "reports", "--quiet").output == "5\n")
        #expect(try await Invocation.run("sync", "reports").output.contains("complete"))
        #expect(try await Invocation.run("sync", "status").output.contains("Upstream:     https://up.example\n"))
    }
}
