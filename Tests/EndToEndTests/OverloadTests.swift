import Foundation
import LivepatchKit
import Processes
import Testing

@Suite("A server with more to do than it can", .serialized) struct OverloadTests {
    /// A machine that is attached.
    private struct Attached {
        let id: String
        let authorization: String

        init(_ number: Int, at port: Int, with authToken: String) async throws {
            id = "herd-\(number)"
            let answer = try await ask(port, "POST", "/v1/client/\(id)/register", ["Authorization": "Bearer \(authToken)"])
            let body = try #require(try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any])
            authorization = "Bearer \(try #require(body["machineToken"] as? String))"
        }

        /// Begins to check in and does not come to an end, so that it keeps its place, or its place in the line. Its length is not known: what
        /// is known to be short is not given a place before it is here.
        func lingering(at port: Int) throws -> RawConnection {
            let connection = try RawConnection(port: port)
            try connection.send(
                "POST /v1/client/\(id)/updates HTTP/1.1\r\nHost: x\r\nAuthorization: \(authorization)\r\n"
                    + "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n")
            return connection
        }

        func asks(_ port: Int) async throws -> RawAnswer {
            try await ask(port, "GET", "/v1/client/\(id)/info", ["Authorization": authorization])
        }
    }

    @Test("refuses machines that come by the herd, while an administrator blocks a patch, and serves them again afterwards")
    func herd() async throws {
        try await Surroundings.with { here in
            let server = try await here.server(
                "origin",
                [
                    "server.concurrency-limit": "4", "server.burst-limit": "4", "server.queue-timeout": "60s",
                    "server.min-transfer-rate": "0",
                ])
            let administrator = try await server.administrator()
            try await administrator.importPatches("--versions 100.1,101.1 --kernels 1")
            let secret = try await administrator("auth-token web edge --quiet").trimmingCharacters(in: .whitespacesAndNewlines)
            var machines: [Attached] = []
            for number in 0..<8 { machines.append(try await Attached(number, at: server.port, with: secret)) }

            // One is served and three wait, which is all that there is for machines.
            var herd: [RawConnection] = []
            for machine in machines.prefix(4) { herd.append(try machine.lingering(at: server.port)) }
            let last = try #require(machines.last)
            try await eventually("machines are refused") {
                let answer = try await last.asks(server.port)
                guard answer.status == 503 else { return false }
                #expect(answer.text.contains("server-overloaded"))
                #expect((10...60).contains(answer.header("retry-after").flatMap { Int($0) } ?? 0))
                return true
            }
            // The others go on asking, as fast as they are refused, for as long as the administrator needs.
            let (port, others) = (server.port, machines.suffix(4))
            let refused = try await withThrowingTaskGroup(of: Int.self) { group in
                for machine in others {
                    group.addTask {
                        var refused = 0
                        while !Task.isCancelled {
                            let status = try await machine.asks(port).status
                            #expect(status == 503)
                            refused += 1
                            await Task.yield()
                        }
                        return refused
                    }
                }
                try await administrator("patch block 101.1 --reason crashes")
                #expect(try await last.asks(port).status == 503, "they still are")
                group.cancelAll()
                return try await group.reduce(0, +)
            }
            #expect(refused > 0)
            #expect(try await ask(port, "GET", "/debug/status").status == 200)
            #expect(server.log.contains("more requests than places"))

            herd.removeAll()
            try await eventually("machines are served again") { try await last.asks(port).status == 200 }
            let shown = try await administrator("patch show 101.1")
            #expect(shown.contains("crashes"))
        }
    }
}
