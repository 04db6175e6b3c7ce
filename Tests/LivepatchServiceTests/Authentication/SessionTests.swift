import LivepatchTesting
import NIOCore
import Foundation
import HTTPTypes
import HummingbirdTesting
import LivepatchAPI
import LivepatchKit
import Testing

@testable import LivepatchService

@Suite("Logging in and out")
struct SessionTests {
    private func basic(_ text: String) -> HTTPFields { [.authorization: "Basic \(Data(text.utf8).base64EncodedString())"] }

    @Test func `a session begins with a password, opens administration, and ends`() async throws {
        let server = try await ServerUnderTest()
        try await server.application.test(.router) { client in
            let login = try await client.send(.post, Paths.login, headers: basic("alice:correct horse"))
            #expect(login.status == .ok)
            let body = try login.decoded(LoginBody.self)
            #expect(body.user == "alice")
            #expect(body.expires == server.clock.now.addingTimeInterval(240 * 3600))
            let session = try await client.send(.get, Paths.session, token: body.token)
            #expect(try session.decoded(SessionBody.self) == SessionBody(user: "alice", role: .admin, expires: body.expires))
            #expect(try await client.send(.post, Paths.logout, token: body.token).status == .noContent)
            #expect(try await client.send(.get, Paths.session, token: body.token).problem?.code == "login-required")
            #expect(!server.log.lines.contains { $0.contains(body.token) || $0.contains("correct horse") })
        }
        let events = server.log.lines.filter { $0.contains("\"security\"") }
        #expect(events.contains { $0.contains("basicauth_authn_ok") && $0.contains("alice") })
        #expect(events.contains { $0.contains("session_ended") })
    }

    @Test func `a session ends by itself`() async throws {
        let server = try await ServerUnderTest()
        let session = try await server.session()
        try await server.application.test(.router) { client in
            server.clock.pass(240 * 3600 - 1)
            #expect(try await client.send(.get, Paths.session, token: session).status == .ok)
            server.clock.pass(1)
            let response = try await client.send(.get, Paths.session, token: session)
            #expect(response.status == .unauthorized)
            #expect(response.headers[.wwwAuthenticate] == #"Bearer realm="livepatch""#)
        }
    }

    @Test func `a wrong user and a wrong password get the same answer`() async throws {
        let server = try await ServerUnderTest()
        try await server.application.test(.router) { client in
            let user = try await client.send(.post, Paths.login, headers: basic("bob:correct horse"))
            let password = try await client.send(.post, Paths.login, headers: basic("alice:wrong"))
            #expect(user.status == .unauthorized)
            #expect(user.problem?.code == "login-failed")
            #expect(user.fingerprint == password.fingerprint)
        }
        #expect(server.log.lines.contains { $0.contains("basicauth_authn_failed:wrong_credentials") && $0.contains("bob") })
        #expect(!server.log.lines.contains { $0.contains("wrong\"") && $0.contains("password") })
    }

    @Test func `after a few failures logins are refused for a while, with the time to wait, and told to the security log`()
        async throws
    {
        let server = try await ServerUnderTest()
        try await server.application.test(.router) { client in
            for _ in 1...5 {
                let wrong = try await client.send(.post, Paths.login, headers: basic("alice:wrong"))
                #expect(wrong.problem?.code == "login-failed")
                #expect(wrong.headers[.retryAfter] == nil)
            }
            for user in ["alice", "alice"] {
                let refused = try await client.send(.post, Paths.login, headers: basic("\(user):correct horse"))
                #expect(refused.status == .tooManyRequests)
                #expect(refused.problem?.code == "login-locked")
                #expect(refused.headers[.retryAfter] == "30")
                #expect(refused.problem?.suggestion?.contains("30s") == true)
            }
            server.clock.pass(30)
            #expect(try await client.send(.post, Paths.login, headers: basic("alice:correct horse")).status == .ok)
        }
        let events = server.log.lines.filter { $0.contains("\"security\"") }
        #expect(events.count { $0.contains("basicauth_locked") } == 1)
        #expect(events.count { $0.contains("basicauth_authn_failed:locked") } == 1, "once a minute, however many come")
    }

    @Test func `a user that is not there is locked out as one that is`() async throws {
        let server = try await ServerUnderTest()
        func answers(_ user: String) async throws -> [String] {
            try await server.application.test(.router) { client in
                var answers: [String] = []
                for _ in 1...6 {
                    answers.append(try await client.send(.post, Paths.login, headers: basic("\(user):wrong")).fingerprint)
                }
                return answers
            }
        }
        #expect(try await answers("alice") == answers("nobody-of-that-name"))
    }

    @Test func `sessions are listed, and ended by id`() async throws {
        let server = try await ServerUnderTest()
        let mine = try await server.session()
        let other = try await server.session(.operate)
        try await server.application.test(.router) { client in
            let own = try await client.send(.get, Paths.sessions, token: mine).decoded(AdminSessionsBody.self)
            #expect(own.sessions.map(\.user) == ["alice"] && own.sessions.map(\.current) == [true])
            let all = try await client.send(.get, "\(Paths.sessions)?everybody=true", token: mine).decoded(AdminSessionsBody.self)
            #expect(all.sessions.map(\.user) == ["alice", "operator"])
            #expect(!all.sessions.contains { mine.contains($0.id) || other.contains($0.id) })
            let theirs = try await client.send(.get, "\(Paths.sessions)?user=alice", token: other)
            #expect(theirs.problem?.code == "role-insufficient")
            #expect(
                try await client.send(.get, "\(Paths.sessions)?user=a&everybody=true", token: mine).problem?.code
                    == "malformed-request")
            let id = try #require(all.sessions.last?.id)
            for body in [SessionRevocationBody(), SessionRevocationBody(ids: [id], everybody: true), .init(ids: [])] {
                #expect(try await client.post(Paths.sessionRevocations, body, token: mine).problem?.code == "malformed-request")
            }
            let ended = try await client.post(Paths.sessionRevocations, SessionRevocationBody(ids: [id]), token: mine)
            #expect(try ended.decoded(AdminSessionsBody.self).sessions.map(\.id) == [id])
            #expect(try await client.send(.get, Paths.session, token: other).problem?.code == "login-required")
            #expect(try await client.send(.get, Paths.session, token: mine).status == .ok)
        }
        #expect(server.log.lines.contains { $0.contains(#""authz_admin""#) && $0.contains("sessions revoke") })
    }

    @Test func `only a password logs in`() async throws {
        let server = try await ServerUnderTest()
        let session = try await server.session()
        let headers: [HTTPFields] = [
            [:], [.authorization: "Basic"], [.authorization: "Basic !!!"], [.authorization: "Basic YWxpY2U="],
            [.authorization: "Bearer \(session)"],
        ]
        try await server.application.test(.router) { client in
            for fields in headers {
                let response = try await client.send(.post, Paths.login, headers: fields)
                #expect(response.status == .unauthorized)
                #expect(response.problem?.code == "login-failed")
                #expect(response.headers[.wwwAuthenticate]?.hasPrefix("Basic") == true)
            }
            let other = try await client.send(.get, Paths.session, headers: basic("alice:correct horse"))
            #expect(other.problem?.code == "login-required", "Basic authentication is for logging in only")
        }
    }

    @Test func `the scheme may have any case`() async throws {
        let server = try await ServerUnderTest()
        try await server.application.test(.router) { client in
            let encoded = Data("alice:correct horse".utf8).base64EncodedString()
            let response = try await client.send(.post, Paths.login, headers: [.authorization: "bAsIc  \(encoded)"])
            #expect(response.status == .ok)
        }
    }

    @Test func `where passwords are switched off nobody logs in`() async throws {
        var server = try await ServerUnderTest()
        server.options.acceptsPasswords = false
        try await server.application.test(.router) { client in
            let response = try await client.send(.post, Paths.login, headers: basic("alice:correct horse"))
            #expect(response.status == .unauthorized)
            #expect(response.problem?.suggestion?.contains("auth.basic.enabled") == true)
        }
    }
}
