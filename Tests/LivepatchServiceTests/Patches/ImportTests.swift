import LivepatchArchive
import LivepatchTesting
import PatchGenerator
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

    @Test func `what is right is taken in, once, with what the importer says of it`() async throws {
        let server = try await ServerUnderTest(archive: TarballReader())
        let session = try await server.session()
        let bytes = try PatchGenerator(codeBytes: 200).file(try PatchFileName(parsing: Self.name))
        let path = Paths.patchImport(Self.name) + "?cve=CVE-2024-2222&cve=CVE-2024-1086&released=2024-06-01T12:00:00Z"
        try await server.application.test(.router) { client in
            let response = try await client.send(.put, path, token: session, body: bytes)
            #expect(response.status == .created, "\(response.text)")
            let body = try response.decoded(PatchImportBody.self)
            #expect(body.added)
            #expect(body.file.digest == SHA256Digest(of: bytes))
            #expect(body.file.cves == ["CVE-2024-1086", "CVE-2024-2222"])
            #expect(Timestamp.text(body.file.released) == "2024-06-01T12:00:00Z")
            #expect(body.vermagic.hasPrefix("5.15.0-107-generic "))
            let again = try await client.send(.put, path, token: session, body: bytes)
            #expect(again.status == .ok)
            #expect(try again.decoded(PatchImportBody.self).added == false)
            let secret = try await server.secret("edge")
            #expect(try await client.send(.get, "/v1/patches/\(Self.name)", token: secret).bytes == bytes)
        }
        let events = server.log.lines.filter { $0.contains(#""authz_admin""#) }
        #expect(events.count == 1)
        #expect(events.first?.contains("patch import \(Self.name)") == true)
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
