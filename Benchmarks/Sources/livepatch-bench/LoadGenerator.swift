import Foundation
import LivepatchKit

/// wrk: one thread, 16 connections.
struct LoadGenerator {
    private let program: String

    static var found: LoadGenerator? { Program.path("wrk").map(LoadGenerator.init(program:)) }

    /// Requests a second.
    /// - Throws: ``LivepatchError`` with the code `internal-fault` if an answer was not a success.
    func run(_ url: String, seconds: Int, token: String) throws -> Double {
        try run(["-H", "Authorization: Bearer \(token)", url], seconds)
    }

    /// Requests a second.
    /// - Parameter script: the file of a script in Lua that makes the requests.
    /// - Throws: as the other does.
    func run(_ url: String, seconds: Int, script: String) throws -> Double {
        try run(["-s", script, url], seconds)
    }

    private func run(_ arguments: [String], _ seconds: Int) throws -> Double {
        let text = try Program.output(program, ["-t1", "-c16", "-d\(seconds)s"] + arguments)
        guard !text.contains("Non-2xx"), let match = text.firstMatch(of: /Requests\/sec:\s+([0-9.]+)/), let rate = Double(match.1)
        else { throw LivepatchError(.internalFault, "wrk did not succeed with \(arguments.last ?? ""): \(text)") }
        return rate
    }
}
