import Foundation
import Processes
import Testing

@Suite("The security log", .serialized) struct SecurityLogTests {
    @Test("tells of starts, signals, orderly stops, and of a server that was killed")
    func endings() async throws {
        try await Surroundings.with { here in
            let first = try await here.server("origin")
            #expect(!first.log.contains("sys_crash"))
            #expect(try await first.stop() == .exited(0))
            for event in ["sys_startup", "sys_signal:SIGTERM", "sys_shutdown"] { #expect(first.log.contains(event), "\(event)") }

            let second = try await here.server("origin")
            #expect(!second.log.contains("sys_crash"), "the first ended by itself")
            try await second.process.kill9()
            let third = try await here.server("origin")
            try await eventually("the crash is told") { third.log.contains("sys_crash") }
        }
    }
}
