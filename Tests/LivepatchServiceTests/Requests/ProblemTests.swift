import LivepatchTesting
import NIOCore
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LivepatchAPI
import LivepatchKit
import Testing

@testable import LivepatchService

@Suite("Every error is a problem (RFC 9457)")
struct ProblemTests {
    @Test(arguments: LivepatchError.Code.allCases)
    func `each code has its status and its name on the wire`(_ code: LivepatchError.Code) async throws {
        let server = try await ServerUnderTest()
        let routes = Routes(
            gate: server.parts.gate, repeats: server.parts.repeats, entryMeter: EntryMeter(server.metrics),
            governance: server.parts.governance,
            meter: RequestMeter(server.metrics), security: server.parts.security)
        routes.on(.get, "/fails", for: .everybody) { _, _ in
            throw LivepatchError(code, "It failed in /var/secret.", suggestion: "Do something.")
        }
        let application = Application(responder: routes.responder, logger: server.log.logger(label: "server"))
        try await application.test(.router) { client in
            let response = try await client.send(.get, "/fails")
            #expect(response.status.code == ErrorDisposition(of: code).status)
            #expect(response.headers[.contentType] == Problem.mediaType)
            let problem = try #require(response.problem)
            #expect(problem.code == code.rawValue)
            #expect(problem.status == response.status.code)
            let isConcealed = problem.status == 500 || code == .databaseUnavailable
            #expect(problem.detail.contains("/var/secret") == !isConcealed)
            #expect((response.headers[.wwwAuthenticate] != nil) == (problem.status == 401))
        }
        #expect(server.log.lines.contains { $0.contains("/var/secret") }, "the log has the whole truth")
    }

    @Test func `an error that nobody foresaw is told without its cause`() async throws {
        struct Unforeseen: Error { let place = "/var/secret" }
        let server = try await ServerUnderTest()
        let routes = Routes(
            gate: server.parts.gate, repeats: server.parts.repeats, entryMeter: EntryMeter(server.metrics),
            governance: server.parts.governance,
            meter: RequestMeter(server.metrics), security: server.parts.security)
        routes.on(.get, "/fails", for: .everybody) { _, _ in throw Unforeseen() }
        let application = Application(responder: routes.responder, logger: server.log.logger(label: "server"))
        try await application.test(.router) { client in
            let response = try await client.send(.get, "/fails")
            #expect(response.status == .internalServerError)
            #expect(!response.text.contains("secret"))
        }
        #expect(server.log.lines.contains { $0.contains("/var/secret") && $0.contains("\"error\"") })
    }

    @Test func `an unknown path is not found, whoever asks`() async throws {
        let server = try await ServerUnderTest()
        try await server.application.test(.router) { client in
            for path in ["/nothing", "/v1/admin/nothing", "/v1/patches", "/v1/sync/head/more", "/v1/patches/a/b"] {
                let response = try await client.send(.get, path)
                #expect(response.status == .notFound, "\(path)")
                #expect(response.problem?.code == "not-found")
            }
        }
    }

    @Test(
        arguments: [
            ("POST", "/v1/sync/head", "GET, HEAD"), ("DELETE", "/v1/patches/x", "GET, HEAD"), ("GET", "/v1/admin/login", "POST"),
            ("PUT", "/v1/admin/changes", "GET, HEAD, POST"), ("GET", "/v1/admin/sync-tokens/x", "DELETE"),
            ("PROPFIND", "/", "GET, HEAD"), ("GET", "/v1/admin/patch-files/x", "PUT"),
        ])
    func `a wrong method is told the right ones`(_ method: String, _ path: String, _ allowed: String) async throws {
        let server = try await ServerUnderTest()
        try await server.application.test(.router) { client in
            let response = try await client.send(try #require(HTTPRequest.Method(method)), path)
            #expect(response.status == .methodNotAllowed)
            #expect(response.headers[.allow] == allowed)
            #expect(response.problem?.code == "method-not-allowed")
        }
    }

    @Test func `HEAD is GET without the body, for errors too`() async throws {
        let server = try await ServerUnderTest()
        try await server.application.test(.router) { client in
            for path in ["/", "/debug/info", "/nothing", "/v1/sync/head"] {
                let get = try await client.send(.get, path)
                let head = try await client.send(.head, path)
                #expect(head.status == get.status)
                #expect(head.body.readableBytes == 0)
                #expect(head.headers[.contentLength] == get.headers[.contentLength])
            }
        }
    }

    @Test func `malformed JSON, missing fields and wrong values say what is wrong`() async throws {
        let server = try await ServerUnderTest()
        let session = try await server.session()
        try await server.application.test(.router) { client in
            for (body, word) in [
                ("{", "JSON"), ("[]", "not"), ("{}", "command"), (#"{"command":{"promote":{}},"dryRun":true}"#, "missing"),
                ("", "JSON"),
                (#"{"command":{"promote":{"version":"x","tier":"beta"}},"dryRun":true}"#, "patch version"),
            ] {
                let response = try await client.send(.post, Paths.changes, token: session, body: Array(body.utf8))
                #expect(response.status == .badRequest, "\(body)")
                #expect(response.problem?.code == "malformed-request")
                #expect(response.problem?.detail.contains(word) == true, "\(body): \(response.text)")
            }
        }
    }

    @Test func `a body beyond the limit is refused`() async throws {
        let server = try await ServerUnderTest()
        let session = try await server.session()
        try await server.application.test(.router) { client in
            let response = try await client.send(
                .post, Paths.changes, token: session, body: Array(repeating: 32, count: RequestReading.bodyLimit + 1))
            #expect(response.status == .contentTooLarge)
            #expect(response.problem?.code == "request-too-large")
        }
    }

    @Test func `unknown query parameters are ignored and known ones checked`() async throws {
        let server = try await ServerUnderTest()
        let session = try await server.session()
        try await server.application.test(.router) { client in
            #expect(try await client.send(.get, Paths.tiers + "?x=1&y", token: session).status == .ok)
            #expect(try await client.send(.get, Paths.changes + "?limit=2&x=%zz", token: session).status == .ok)
            for query in ["limit=0", "limit=x", "limit=1001", "before=-1", "limit="] {
                let response = try await client.send(.get, Paths.changes + "?" + query, token: session)
                #expect(response.problem?.code == "malformed-request", "\(query)")
            }
        }
    }

    @Test func `every answer carries the release`() async throws {
        let server = try await ServerUnderTest()
        let field = try #require(HTTPField.Name(HeaderNames.serverVersion))
        try await server.application.test(.router) { client in
            for path in ["/", "/nothing", "/v1/admin/tiers"] {
                let response = try await client.send(.get, path)
                #expect(response.headers[field] == Release.version)
            }
        }
    }
}
