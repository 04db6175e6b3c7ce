import LivepatchTesting
import NIOCore
import Foundation
import HTTPTypes
import HummingbirdTesting
import LivepatchAPI
import LivepatchKit
import Testing

@testable import LivepatchService

@Suite("Uploads")
struct ImportTests {
    static let name = "livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2"

    @Test func `what is refused says why, and leaves nothing behind`() async throws {
        let server = try await ServerUnderTest()
        let session = try await server.session()
        let cases: [(path: String, bytes: Int, status: Int, code: String)] = [
            (Paths.patchImport("nonsense.tar.bz2"), 10, 422, "patch-name-invalid"),
            (Paths.patchImport("../../etc/passwd"), 10, 422, "patch-name-invalid"),
            (Paths.patchImport(Self.name), 10, 422, "patch-archive-invalid"),
            (Paths.patchImport(Self.name), 5000, 413, "patch-too-large"),
            (Paths.patchImport(Self.name) + "?cve=nonsense", 10, 422, "patch-metadata-invalid"),
            (Paths.patchImport(Self.name) + "?released=yesterday", 10, 400, "malformed-request"),
        ]
        try await server.application.test(.router) { client in
            for (path, count, status, code) in cases {
                let response = try await client.send(.put, path, token: session, body: Array(repeating: 7, count: count))
                #expect(response.status.code == status, "\(path): \(response.text)")
                #expect(response.problem?.code == code)
            }
            let stranger = try await client.send(.put, Paths.patchImport(Self.name), body: [1, 2, 3])
            #expect(stranger.status == .unauthorized)
        }
        #expect(try await server.catalog.versions().isEmpty)
        #expect(try await server.storage.stagedBytes() == 0)
    }

    @Test func `a body that lies about its length is stopped at the limit`() async throws {
        var server = try await ServerUnderTest()
        server.options.maximumUploadSize = .max
        let session = try await server.session()
        try await server.application.test(.router) { client in
            let response = try await client.send(
                .put, Paths.patchImport(Self.name), token: session, body: Array(repeating: 7, count: 100_000))
            #expect(response.status == .contentTooLarge)
            #expect(response.problem?.code == "patch-too-large")
        }
        #expect(try await server.storage.stagedBytes() == 0)
    }

    @Test func `a server that syncs takes no imports and says where they belong`() async throws {
        let server = try await ServerUnderTest(upstream: "https://origin.example.com")
        let session = try await server.session()
        try await server.application.test(.router) { client in
            let response = try await client.send(.put, Paths.patchImport(Self.name), token: session, body: [1])
            #expect(response.status == .conflict)
            #expect(response.problem?.code == "import-refused")
            #expect(response.problem?.detail.contains("https://origin.example.com") == true)
        }
    }
}
