import FoundationEssentials
import LivepatchKit
import Logging
import ScriptedServer
import Testing

@testable import LivepatchHTTP

@Suite("Webhooks over HTTP")
struct HTTPWebhookTransportTests {
    private func post(
        _ path: String = "/hook?key=1", options: ConnectionOptions = .impatient, script: @escaping ScriptedServer.Script
    ) async throws -> (answer: WebhookAnswer, requests: [ScriptedRequest]) {
        let server = try await ScriptedServer.start(script)
        let transport = HTTPWebhookTransport(options)
        let message = WebhookMessage(
            url: try WebhookURL(parsing: server.url + path),
            headers: ["webhook-id": "msg_1", "content-type": "application/json"],
            body: Array(#"{"type":"patch.blocked"}"#.utf8))
        let result: Result<WebhookAnswer, any Error>
        do { result = .success(try await transport.post(message)) } catch { result = .failure(error) }
        let requests = server.requests
        await transport.close()
        await server.stop()
        return (try result.get(), requests)
    }

    @Test("a message arrives as it is, with its path, query, headers and body")
    func arrives() async throws {
        let (answer, requests) = try await post { _ in .status(204) }
        #expect(answer == WebhookAnswer(status: 204))
        let request = try #require(requests.first)
        #expect(request.method == "POST" && request.target == "/hook?key=1")
        #expect(request.header("Webhook-Id") == "msg_1" && request.header("Content-Type") == "application/json")
        #expect(request.header("User-Agent")?.hasPrefix("livepatch-for-swift/") == true)
        #expect(request.body == Array(#"{"type":"patch.blocked"}"#.utf8))
    }

    @Test("a redirect is not followed, wherever it leads")
    func redirect() async throws {
        let (answer, requests) = try await post { .redirect(to: "/elsewhere", status: $0.path == "/hook" ? 307 : 200) }
        #expect(answer.status == 307 && requests.count == 1)
    }

    @Test(
        "Retry-After is read as seconds and as a time",
        arguments: [("120", 120), ("Sun, 06 Nov 1994 08:51:37 GMT", 120), ("soon", nil)] as [(String, Int?)])
    func retryAfter(field: String, seconds: Int?) async throws {
        let (answer, _) = try await post { _ in
            .status(503, headers: [("Retry-After", field), ("Date", "Sun, 06 Nov 1994 08:49:37 GMT")])
        }
        #expect(answer.retryAfter == seconds.map { .seconds($0) })
    }

    @Test("the beginning of a body is shown in one line")
    func body() async throws {
        let (answer, _) = try await post { _ in .status(400, Array("no\n  such\thook \(String(repeating: "x", count: 500))".utf8))
        }
        #expect(answer.status == 400 && answer.text.hasPrefix("no such hook xxx") && answer.text.count == 161)
    }

    @Test("an answer without end, and one that stalls, are cut, and their status counts")
    func endless() async throws {
        let (endless, _) = try await post { _ in
            ScriptedAnswer(
                status: 200, headers: [("Transfer-Encoding", "chunked")],
                steps: [.repeating(Array(repeating: 65, count: 1 << 16), times: 1 << 16)])
        }
        #expect(endless == WebhookAnswer(status: 200))
        let (stalled, _) = try await post { _ in .ok(Array(repeating: 65, count: 100)).stalled(after: 10) }
        #expect(stalled == WebhookAnswer(status: 200))
    }

    @Test("no answer is an error that says why")
    func silence() async throws {
        for script in [
            { _ in .silence }, { _ in .garbage(Array("SSH-2.0-OpenSSH\r\n".utf8)) },
        ] as [ScriptedServer.Script] {
            await #expect(throws: (any Error).self) { try await post(script: script) }
        }
        let transport = HTTPWebhookTransport(.impatient)
        let message = WebhookMessage(url: try WebhookURL(parsing: "http://127.0.0.1:1/"), headers: [:], body: [])
        let error = await #expect(throws: LivepatchError.self) { try await transport.post(message) }
        #expect(error?.code == .serverUnreachable)
        #expect(error?.message.contains("refused") == true, "\(String(describing: error))")
        await transport.close()
    }
}
