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

/// Bodies as a machine may send them, whatever has become of it.
@Suite("What machines send")
struct MachineBodyTests {
    static let kernel = #"{"version":"5.15.0-107.117","flavour":"generic","architecture":"amd64"}"#

    private func post(_ body: String, to path: String = Paths.machineUpdates(MachineRouteTests.id)) async throws -> TestResponse {
        let server = try await ServerUnderTest()
        let token = try await server.machine("m-1", in: "stable")
        return try await server.application.test(.router) { client in
            try await client.send(.post, path, token: token, body: Array(body.utf8))
        }
    }

    @Test func `what a newer machine says besides is ignored, and a state that nobody knows is unknown`() async throws {
        let server = try await ServerUnderTest()
        let token = try await server.machine("m-1", in: "stable")
        try await server.application.test(.router) { client in
            let body = #"{"kernel":\#(Self.kernel),"patchState":"levitating","colour":{"of":["the","sky"]}}"#
            let answer = try await client.send(
                .post, Paths.machineUpdates(MachineRouteTests.id), token: token, body: Array(body.utf8))
            #expect(answer.status == .ok, "\(answer.text)")
        }
        let machine = try await server.parts.machines.store.machine(
            HashedMachineID(MachineRouteTests.id, key: ServerUnderTest.machineKey))
        #expect(machine?.report?.patchState == .unknown)
    }

    @Test(arguments: [
        ("", "not JSON"), ("{", "not JSON"), ("[]", "patch"), (#"{"patchState":"applied"}"#, "'kernel' is missing"),
        (#"{"kernel":\#(kernel)}"#, "'patchState' is missing"),
        (#"{"kernel":{"version":"5.15","flavour":"generic","architecture":"amd64"},"patchState":"applied"}"#, "kernel.version"),
        (#"{"kernel":\#(kernel),"patchState":"applied","uptimeSeconds":"long"}"#, "uptimeSeconds"),
        (#"{"kernel":\#(kernel),"patchState":"applied","patchVersion":"latest"}"#, "patchVersion"),
        (#"{"kernel":\#(kernel),"patchState":"applied","cutoffDate":"yesterday"}"#, "cutoffDate"),
        (#"{"kernel":\#(kernel),"patchState":7}"#, "patchState"),
    ])
    func `a report that cannot be read is refused with the member that is wrong`(body: String, words: String) async throws {
        let answer = try await post(body)
        #expect(answer.status == .badRequest)
        #expect(answer.problem?.code == "malformed-request")
        if body != "[]" { #expect(answer.problem?.detail.contains(words) == true, "\(answer.text)") }
    }

    @Test func `a ping of a kind that nobody knows is refused by its member`() async throws {
        let body = #"{"pingType":"2y","kernel":\#(Self.kernel),"patchVersion":"107.1","patchState":"applied"}"#
        let answer = try await post(body, to: Paths.machinePings(MachineRouteTests.id))
        #expect(answer.status == .badRequest)
        #expect(answer.problem?.detail.contains("pingType") == true, "\(answer.text)")
    }

    @Test(arguments: [65_536, 65_537, 10 << 20]) func `a body has at most 64 KiB`(size: Int) async throws {
        let start = #"{"kernel":\#(Self.kernel),"patchState":"applied","message":""#
        let body = start + String(repeating: "x", count: size - start.utf8.count - 2) + "\"}"
        #expect(body.utf8.count == size)
        let answer = try await post(body)
        if size <= 65_536 {
            #expect(answer.status == .ok, "\(answer.text)")
            #expect(try answer.decoded(CheckInAnswer.self).warnings.map(\.code) == [.reportCut])
        } else {
            #expect(answer.status == .contentTooLarge)
            #expect(answer.problem?.code == "request-too-large")
            #expect(answer.problem?.detail.contains("65536") == true)
        }
    }

    @Test(arguments: ["a%20b", "-x", "%F0%9F%90%A7", "x%2Fy"]) func `an id that is none is refused`(id: String) async throws {
        let server = try await ServerUnderTest()
        let secret = try await server.authToken("stable")
        try await server.application.test(.router) { client in
            let answer = try await client.send(.post, "/v1/client/\(id)/register", token: secret)
            #expect(answer.status == .badRequest)
            #expect(answer.problem?.code == "malformed-value")
        }
    }

    @Test func `logs have no machine's id in them`() async throws {
        let server = try await ServerUnderTest()
        let token = try await server.machine("very-secret-machine", in: "stable")
        try await server.application.test(.router) { client in
            let id = try MachineID(parsing: "very-secret-machine")
            _ = try await client.send(.get, Paths.machineInfo(id), token: token)
            _ = try await client.send(.get, Paths.machineInfo(id), token: "nonsense")
            _ = try await client.send(.post, Paths.machineUpdates(id), token: token, body: [])
            _ = try await client.send(.delete, Paths.machine(id), token: token)
        }
        #expect(server.log.lines.contains { $0.contains("/v1/client/{machine-id}/info") })
        #expect(!server.log.lines.contains { $0.contains("very-secret-machine") })
    }
}
