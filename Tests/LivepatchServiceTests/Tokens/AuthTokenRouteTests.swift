import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LivepatchAPI
import LivepatchKit
import LivepatchTesting
import NIOCore
import Testing

@testable import LivepatchService

@Suite("Auth tokens over the wire")
struct AuthTokenRouteTests {
    @Test func `a token is issued, listed with its machines and without its secret, moved and revoked`() async throws {
        let server = try await ServerUnderTest()
        let session = try await server.session()
        let request = AuthTokenRequestBody(id: "web servers", tier: Shorthand.stable, machineLimit: 1)
        try await server.application.test(.router) { client in
            let issued = try await client.post(Paths.authToken, request, token: session)
            #expect(issued.status == .created)
            let secret = try issued.decoded(IssuedAuthTokenBody.self).secret
            #expect(try await client.post(Paths.authToken, request, token: session).problem?.code == "already-exists")

            let id = MachineRouteTests.id
            #expect(try await client.send(.post, Paths.machineRegister(id), token: secret).status == .created)
            #expect(try await client.send(.post, Paths.machineRegister(id), token: secret).status == .created, "the same machine")
            let second = try await client.send(.post, Paths.machineRegister(MachineID(parsing: "m-2")), token: secret)
            #expect(second.status == .forbidden)
            #expect(second.problem?.code == "machine-limit")
            #expect(server.log.lines.contains { $0.contains("authtoken_authn_failed:machine_limit") })

            let list = try await client.send(.get, Paths.authTokens, token: session)
            #expect(!list.text.contains(secret))
            let tokens = try list.decoded(AuthTokensBody.self).authTokens
            #expect(tokens.map(\.state) == [.active])
            #expect(tokens.map(\.machines) == [1])
            #expect(tokens.map(\.machineLimit) == [1])

            let moved = try await client.post(
                Paths.authTokenMove("web servers"), AuthTokenMoveBody(tier: Shorthand.edge), token: session)
            #expect(try moved.decoded(AuthTokenBody.self).machines == 1)
            let astray = try await client.post(
                Paths.authTokenMove("web servers"), AuthTokenMoveBody(tier: TierName(parsing: "none")), token: session)
            #expect(astray.problem?.code == "tier-unknown")

            let revoked = try await client.send(.delete, Paths.authToken("web servers"), token: session)
            #expect(try revoked.decoded(AuthTokenBody.self).state == .revoked)
            #expect(try await client.send(.delete, Paths.authToken("web servers"), token: session).problem?.code == "not-found")
            #expect(try await client.send(.post, Paths.machineRegister(id), token: secret).status == .unauthorized)
            #expect(!server.log.lines.contains { $0.contains(secret) })
        }
        #expect(server.log.lines.filter { $0.contains(#""authz_admin""#) }.count == 3)
        #expect(server.log.lines.filter { $0.contains("authtoken_authn_ok") }.count == 2)
        #expect(server.log.lines.filter { $0.contains("machinetoken_created") }.count == 2)
    }

    @Test func `expiry ends registration and not the machines that are attached`() async throws {
        let server = try await ServerUnderTest()
        let secret = try await server.authToken("stable", validUntil: server.clock.now.addingTimeInterval(60))
        let session = try await server.session()
        try await server.application.test(.router) { client in
            let id = MachineRouteTests.id
            let token = try await client.send(.post, Paths.machineRegister(id), token: secret).decoded(RegistrationBody.self)
                .machineToken
            server.clock.pass(61)
            #expect(try await client.send(.post, Paths.machineRegister(id), token: secret).status == .unauthorized)
            #expect(try await client.send(.get, Paths.machineInfo(id), token: token).status == .ok)
            let list = try await client.send(.get, Paths.authTokens, token: session).decoded(AuthTokensBody.self)
            #expect(list.authTokens.map(\.state) == [.expired])
        }
    }

    @Test(
        arguments: [("", "edge", nil), (" x", "edge", nil), ("x", "none", nil), ("x", "edge", 0), ("a\nb", "edge", 5)]
            as [(String, String, Int?)])
    func `what makes no sense is refused`(id: String, tier: String, limit: Int?) async throws {
        let server = try await ServerUnderTest()
        let session = try await server.session()
        try await server.application.test(.router) { client in
            let body = AuthTokenRequestBody(id: id, tier: try TierName(parsing: tier), machineLimit: limit)
            let answer = try await client.post(Paths.authToken, body, token: session)
            #expect(answer.problem?.code == (tier == "none" ? "tier-unknown" : "malformed-value"))
        }
    }
}
