import ArgumentParser
import ConsoleRecording
import Foundation
import LivepatchHTTP
import LivepatchKit
import Testing

@testable import livepatch_admin

@Suite struct DoctorTests {
    /// Without downstreams, of which the scripted server has nothing to tell unless it is told to.
    private static let checks = DiagnosticCheckName.allCases.filter { $0 != .downstreams }.map(\.rawValue).joined(separator: ",")

    private func doctor(
        _ arguments: String..., address: String = "http://localhost:8080",
        change: (inout AnsweringServer.Answers) -> Void = { _ in }
    ) async throws -> Invocation {
        let arguments = arguments.contains("--only") ? arguments : arguments + ["--only", Self.checks]
        return try await Invocation.run(["doctor"] + arguments, server: AnsweringServer(change), address: address)
    }

    @Test func `A server that is well is told to be, check by check, with the exit status 0`() async throws {
        let run = try await doctor()
        #expect(run.status == 0, "\(run.output)")
        #expect(run.output.contains("All is well."))
        for check in ["connection", "clock", "disk", "database", "storage", "sync", "webhooks"] {
            #expect(run.output.contains(check), "\(run.output)")
        }
        #expect(try await doctor("--quiet").output.isEmpty)
    }

    @Test func `Something to be seen to is 1, something that does not work 69, and each says what to do`() async throws {
        let warned = try await doctor(address: "http://patches.example.com")
        #expect(warned.status == 1 && warned.output.contains("in the clear") && warned.output.contains("→"), "\(warned.output)")
        let failed = try await doctor {
            $0.condition = ServerCondition(
                time: RecordedConsole.now, started: RecordedConsole.now, volumes: [],
                database: .init(bytes: 1, damage: ["page 7 is never used"]),
                storage: .init(files: 1, unavailable: 1, sampled: 0, damaged: []),
                upstreams: [.init(address: "https://up.example", problem: "It is down.", advice: "Lift it.")])
        }
        #expect(failed.status == 69)
        for words in ["page 7", "not there", "It is down.", "→ Lift it.", "3 of"] {
            #expect(failed.output.contains(words), "\(failed.output)")
        }
        let quiet = try await doctor("--quiet") { $0.serverTime = RecordedConsole.now + 120 }
        #expect(quiet.output == "clock\n" && quiet.status == 69)
    }

    @Test func `Certificates are told of with the server's own words`() async throws {
        let run = try await doctor("--only", "certificate", "--format", "json") {
            $0.certificate = ServerCertificate(expires: RecordedConsole.now + 86_400, names: ["a.example.com"])
        }
        #expect(run.status == 69)
        #expect(
            run.output.contains("\"check\": \"certificate\"") || run.output.contains("\"check\":\"certificate\""), "\(run.output)"
        )
    }

    @Test func `A server that cannot be asked is one finding, not twelve`() async throws {
        let run = try await doctor {
            $0.failure = LivepatchError(.loginRequired, "You are not logged in.", suggestion: "Log in.")
        }
        #expect(run.status == 69)
        #expect(run.output.components(separatedBy: "You are not logged in.").count == 2, "\(run.output)")
        #expect(run.output.contains("→ Log in."))
    }

    @Test func `Only the checks that were named are made, and a name that is none is refused`() async throws {
        let run = try await doctor("--only", "disk,webhooks", "--format", "json")
        #expect(
            run.output.contains("disk") && run.output.contains("webhooks") && !run.output.contains("\"clock\""), "\(run.output)")
        #expect(throws: (any Error).self) { try LivepatchAdmin.parseAsRoot(["doctor", "--only", "disc"]) }
    }
}
