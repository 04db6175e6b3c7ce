import Foundation
import HTTPTypes
import HummingbirdTesting
import LivepatchAPI
import LivepatchArchive
import LivepatchKit
import Testing

@testable import LivepatchService

@Suite("Backups over the wire")
struct BackupRouteTests {
    private func backup(_ response: TestResponse) throws -> Backup {
        try Backup(TarBundle(BytesInMemory(response.bytes), as: .backup))
    }

    @Test func `an administrator gets a whole backup, with keys only under a key, and it is told to the security log`()
        async throws
    {
        let server = try await ServerUnderTest()
        let file = try await server.add(StorageRouteTests.name)
        let session = try await server.session()
        let key = try BackupKey(bytes: Array(repeating: 9, count: 32), derivation: .file)
        try await server.application.test(.live) { client in
            let plain = try backup(await client.post(Paths.backups, BackupBody(patches: false, key: nil), token: session))
            #expect(plain.manifest.members.map(\.name) == ["livepatch.db"])
            try await plain.verify()
            let full = try backup(await client.post(Paths.backups, BackupBody(patches: true, key: key), token: session))
            #expect(full.manifest.members.map(\.name) == ["livepatch.db", "keys/a.key", "content/sha256/\(file.digest)"])
            try await full.verify(key: key)
        }
        let told = server.log.lines.filter { $0.contains(#""authz_admin""#) }
        #expect(told.count == 2 && told[1].contains("--with-keys --with-patches"), "\(told)")
        #expect(!server.log.lines.contains { $0.contains(Data(key.bytes).base64EncodedString()) })
    }

    @Test func `nobody else gets one, and a key that is none is refused`() async throws {
        let server = try await ServerUnderTest()
        let session = try await server.session()
        try await server.application.test(.router) { client in
            for token in [nil, try await server.secret("edge")] {
                let body = try DocumentCoding.encode(BackupBody(patches: false, key: nil))
                #expect(try await client.send(.post, Paths.backups, token: token, body: body).status == .unauthorized)
            }
            let short = try await client.send(
                .post, Paths.backups, token: session,
                body: Array(#"{"patches":false,"key":{"bytes":"AAAA","derivation":{"kind":"file"}}}"#.utf8))
            #expect(short.status == .badRequest, "\(short.text)")
        }
    }
}
