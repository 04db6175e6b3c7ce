import Foundation
import HTTPTypes
import HummingbirdTesting
import LivepatchAPI
import LivepatchKit
import Testing

@testable import LivepatchService

@Suite("Traces of requests") struct TraceTests {
    private let id = "4bf92f3577b34da6a3ce929d0e0e4736"

    private func headers(_ traceparent: String) throws -> HTTPFields {
        let name = try #require(HTTPField.Name("traceparent"))
        return [name: traceparent]
    }

    private func headers() throws -> HTTPFields { try headers("00-\(id)-00f067aa0ba902b7-01") }

    @Test func `a problem and every line about its request have the id of the trace that the request names`() async throws {
        let server = try await ServerUnderTest()
        try await server.application.test(.router) { client in
            let answer = try await client.send(.get, "/v1/sync/head", headers: headers())
            #expect(answer.problem?.trace == id)
            #expect(answer.text.contains("\"trace\":\"\(id)\""))
        }
        let about = server.log.lines.filter { $0.contains("/v1/sync/head") }
        #expect(about.contains { $0.contains("synctoken_authn_failed:missing") } && about.count > 1)
        #expect(about.allSatisfy { $0.contains("\"trace_id\":\"\(id)\"") }, "\(about)")
        let spans = Set(about.compactMap { $0.firstMatch(of: /"span_id":"([0-9a-f]{16})"/).map { String($0.1) } })
        #expect(spans.count == 1 && !spans.contains("00f067aa0ba902b7"), "\(spans)")
    }

    @Test func `a request that names no trace gets one of its own`() async throws {
        let server = try await ServerUnderTest()
        try await server.application.test(.router) { client in
            var ids: Set<String> = []
            for _ in 0..<3 {
                let answer = try await client.send(.get, "/nowhere")
                ids.insert(try #require(answer.problem?.trace))
            }
            #expect(ids.count == 3)
            #expect(ids.allSatisfy { $0.wholeMatch(of: /[0-9a-f]{32}/) != nil })
        }
    }

    @Test(arguments: [
        "nonsense", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
    ])
    func `a field that cannot be read is ignored`(traceparent: String) async throws {
        let server = try await ServerUnderTest()
        try await server.application.test(.router) { client in
            let answer = try await client.send(.get, "/nowhere", headers: headers(traceparent))
            #expect(answer.status == .notFound)
            let trace = try #require(answer.problem?.trace)
            #expect(trace != id && trace.wholeMatch(of: /[0-9a-f]{32}/) != nil)
        }
        #expect(!server.log.lines.contains { $0.lowercased().contains(id) || $0.contains("nonsense") })
    }

    @Test func `what an administrator does belongs to the trace of the request`() async throws {
        let server = try await ServerUnderTest()
        let session = try await server.session()
        try await server.application.test(.router) { client in
            var fields = try headers()
            fields[.authorization] = "Bearer \(session)"
            _ = try await client.send(.get, Paths.tiers, headers: fields)
        }
        #expect(server.log.lines.contains { $0.contains("authz_admin_read") && $0.contains("\"trace_id\":\"\(id)\"") })
    }

    @Test func `a problem is told with its trace only where the server's log has more`() throws {
        let known = Problem(LivepatchError(.internalFault, "It failed.", suggestion: "Wait."), trace: id)
        #expect(known.tracedError.suggestion == "Wait. The server's log has more under the trace \(id).")
        #expect(Problem(LivepatchError(.notFound, "No."), trace: id).tracedError.suggestion == nil)
        #expect(Problem(LivepatchError(.internalFault, "It failed."), trace: "\u{1B}[31m").tracedError.suggestion == nil)
        #expect(Problem(LivepatchError(.internalFault, "It failed.")).tracedError.suggestion == nil)
    }
}
