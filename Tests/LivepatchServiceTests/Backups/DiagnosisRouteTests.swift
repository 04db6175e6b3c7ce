import HTTPTypes
import HummingbirdTesting
import LivepatchAPI
import LivepatchKit
import LivepatchTesting
import Testing

@testable import LivepatchService

@Suite("A diagnosis over the wire")
struct DiagnosisRouteTests {
    @Test func `the server tells administrators of itself, and nobody else`() async throws {
        let server = try await ServerUnderTest()
        let file = try await server.add(StorageRouteTests.name)
        server.storage.damage(file.digest) { $0[0] ^= 1 }
        let session = try await server.session()
        try await server.application.test(.router) { client in
            let body = try await client.send(.get, Paths.diagnosis, token: session).decoded(DiagnosisBody.self)
            #expect(body.storage == .init(files: 1, unavailable: 0, sampled: 1, damaged: [file.name]))
            #expect(body.database.damage == [] && body.volumes.map(\.name) == ["data"] && body.upstreams.isEmpty)
            #expect(try await client.send(.get, Paths.diagnosis).status == .unauthorized)
            #expect(try await client.send(.get, Paths.diagnosis, token: try await server.secret("edge")).status == .unauthorized)
        }
    }
}

@Suite("An address")
struct AddressProbeTests {
    @Test func `that somebody listens on, or that nobody has, is said to be so`() async throws {
        try await Door(HTTPService.Address(host: "127.0.0.1", port: 0)).requireFree()
        await #expect { try await Door(HTTPService.Address(host: "192.0.2.1", port: 8080)).requireFree() } throws: { error in
            (error as? LivepatchError)?.code == .unavailable && "\(error)".contains("no such address")
        }
        await #expect { try await Door(HTTPService.Address(host: "no.such.host.invalid", port: 8080)).requireFree() } throws: {
            error in
            error is LivepatchError
        }
    }
}
