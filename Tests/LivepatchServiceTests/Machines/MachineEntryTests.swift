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

/// Which token opens which door.
@Suite("Machines at the door")
struct MachineEntryTests {
    private static let report = MachineReport(kernel: MachineRouteTests.kernel, patchState: .needsCheck)

    @Test func `a registration is refused in the same words whatever is wrong with the token, and told apart in the log`()
        async throws
    {
        let server = try await ServerUnderTest()
        let expired = try await server.authToken("edge", id: "expired", validUntil: server.clock.now.addingTimeInterval(10))
        let revoked = try await server.authToken("edge", id: "revoked")
        try await server.parts.machines.issuer.revoke("revoked", by: "test")
        server.clock.pass(60)
        let sync = try await server.secret("edge")
        let machine = try await server.machine("m-2", in: "edge")
        let secrets: [(String?, String)] = [
            (nil, "missing"), ("", "missing"), ("nonsense", "malformed"), ("ffffffff-ffff-4fff-8fff-ffffffffffff", "unknown"),
            (sync, "unknown"), (machine, "unknown"), (try await server.session(), "malformed"), (expired, "expired"),
            (revoked, "revoked"),
        ]
        try await server.application.test(.router) { client in
            var answers: Set<String> = []
            for (secret, reason) in secrets {
                let before = server.log.lines.count
                let response = try await client.send(.post, Paths.machineRegister(MachineRouteTests.id), token: secret)
                #expect(response.status == .unauthorized)
                #expect(response.problem?.code == "token-refused")
                answers.insert(response.fingerprint)
                let lines = server.log.lines.dropFirst(before).filter { $0.contains("\"security\"") }
                #expect(lines.count == 1)
                if reason != "malformed" || secret == "nonsense" {
                    #expect(lines.first?.contains("authtoken_authn_failed:\(reason)") == true, "\(reason): \(lines)")
                }
            }
            #expect(answers.count == 1)
        }
        for secret in [expired, revoked, sync] { #expect(!server.log.lines.contains { $0.contains(secret) }) }
    }

    @Test func `only the machine that the path names gets in, with its own token`() async throws {
        let server = try await ServerUnderTest()
        let own = try await server.machine("m-1", in: "stable")
        let other = try await server.machine("m-2", in: "stable")
        let auth = try await server.authToken("stable")
        let sync = try await server.secret("stable")
        let session = try await server.session()
        let body = try DocumentCoding.encode(Self.report)
        try await server.application.test(.router) { client in
            let id = MachineRouteTests.id
            for (method, path) in [
                (HTTPRequest.Method.get, Paths.machineInfo(id)), (.post, Paths.machineUpdates(id)),
                (.post, Paths.machinePings(id)),
                (.delete, Paths.machine(id)),
            ] {
                let before = server.log.lines.count
                let mistaken = try await client.send(method, path, token: other, body: body)
                #expect(mistaken.status == .forbidden)
                #expect(mistaken.problem?.code == "machine-mismatch")
                let lines = server.log.lines.dropFirst(before).filter { $0.contains("\"security\"") }
                #expect(lines.count == 1)
                #expect(lines.first?.contains("machinetoken_authn_failed:mismatch") == true)
                var answers: Set<String> = []
                for secret in [auth, sync, session, "nonsense", nil] {
                    let refused = try await client.send(method, path, token: secret, body: body)
                    #expect(refused.status == .unauthorized)
                    answers.insert(refused.fingerprint)
                }
                #expect(answers.count == 1, "\(path)")
            }
            #expect(try await client.send(.get, Paths.machineInfo(id), token: own).status == .ok)
        }
    }

    @Test(arguments: Wire.allCases)
    func `a machine token opens its tier's view for reading, and nothing else`(_ wire: Wire) async throws {
        let server = try await ServerUnderTest()
        let shown = try await server.add(MachineRouteTests.name, upTo: "stable")
        let hidden = try await server.add("livepatch-5.15.0-107.117-generic-108.1-amd64.tar.bz2", Array("new".utf8))
        let token = try await server.machine("m-1", in: "stable")
        try await server.test(wire) { client in
            for path in [
                Paths.syncHead, Paths.syncRevocations, Paths.syncTiers, "/v1/sync/tiers/stable", "/v1/sync/versions/107.1",
                Paths.patchFile(shown.name), Paths.target(shown),
            ] { #expect(try await client.send(.get, path, token: token).status == .ok, "\(path)") }
            for path in ["/v1/sync/tiers/edge", "/v1/sync/versions/108.1", Paths.patchFile(hidden.name), Paths.target(hidden)] {
                #expect(try await client.send(.get, path, token: token).problem?.code == "not-found", "\(path)")
            }
            let head = try await client.send(.get, Paths.syncHead, token: token)
            let sync = try await server.secret("stable")
            #expect(try await client.send(.get, Paths.syncHead, token: sync).bytes == head.bytes)
            for path in [Paths.tiers, Paths.authTokens, Paths.syncTokens, Paths.patches, Paths.sync] {
                #expect(try await client.send(.get, path, token: token).problem?.code == "login-required", "\(path)")
            }
        }
    }

    @Test(arguments: Wire.allCases)
    func `an auth token opens nothing but registration`(_ wire: Wire) async throws {
        let server = try await ServerUnderTest()
        let file = try await server.add(MachineRouteTests.name, upTo: "stable")
        let auth = try await server.authToken("stable")
        try await server.test(wire) { client in
            for path in [Paths.syncHead, Paths.syncTiers, Paths.patchFile(file.name), Paths.target(file)] {
                let refused = try await client.send(.get, path, token: auth)
                #expect(refused.problem?.code == "token-refused", "\(path)")
            }
            #expect(try await client.send(.get, Paths.tiers, token: auth).problem?.code == "login-required")
        }
    }

    @Test func `an accepted machine is told once a day, whatever it asks`() async throws {
        let server = try await ServerUnderTest()
        let token = try await server.machine("m-1", in: "stable")
        try await server.application.test(.router) { client in
            for _ in 0..<3 {
                _ = try await client.send(.get, Paths.machineInfo(MachineRouteTests.id), token: token)
                _ = try await client.send(.get, Paths.syncHead, token: token)
                server.clock.pass(3600)
            }
            #expect(server.log.lines.filter { $0.contains("machinetoken_authn_ok") }.count == 1)
            server.clock.pass(86_400)
            _ = try await client.send(.get, Paths.machineInfo(MachineRouteTests.id), token: token)
            #expect(server.log.lines.filter { $0.contains("machinetoken_authn_ok") }.count == 2)
        }
    }

    @Test(arguments: Wire.allCases)
    func `revoking an auth token ends its machines' tokens everywhere, and moving it moves them`(_ wire: Wire)
        async throws
    {
        let server = try await ServerUnderTest()
        let file = try await server.add(MachineRouteTests.name)
        let secret = try await server.authToken("stable", id: "lab")
        try await server.test(wire) { client in
            let id = MachineRouteTests.id
            let token = try await client.send(.post, Paths.machineRegister(id), token: secret).decoded(RegistrationBody.self)
                .machineToken
            #expect(try await client.send(.get, Paths.patchFile(file.name), token: token).status == .notFound)
            let session = try await server.session()
            let moved = try await client.post(
                Paths.authTokenMove("lab"), AuthTokenMoveBody(tier: Shorthand.edge), token: session)
            #expect(try moved.decoded(AuthTokenBody.self).tier == Shorthand.edge)
            #expect(try await client.send(.get, Paths.patchFile(file.name), token: token).status == .ok)
            let answer = try await client.post(Paths.machineUpdates(id), Self.report, token: token).decoded(CheckInAnswer.self)
            #expect(answer.tier == Shorthand.edge)
            #expect(answer.patch != nil)
            #expect(try await client.send(.delete, Paths.authToken("lab"), token: session).status == .ok)
            for path in [Paths.patchFile(file.name), Paths.machineInfo(id), Paths.syncHead] {
                #expect(try await client.send(.get, path, token: token).problem?.code == "token-refused", "\(path)")
            }
        }
    }
}
