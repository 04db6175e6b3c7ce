import LivepatchTesting
import NIOCore
import HTTPTypes
import Foundation
import HummingbirdTesting
import LivepatchAPI
import LivepatchKit
import Testing

@testable import LivepatchService

@Suite("The storage over the wire")
struct StorageRouteTests {
    static let name = "livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2"

    private func last<Result: Codable & Hashable & Sendable>(
        _ type: Result.Type, _ response: TestResponse
    ) throws -> StorageEventBody<Result>? {
        try response.text.split(separator: "\n")
            .map { try DocumentCoding.decode(StorageEventBody<Result>.self, from: Array($0.utf8)) }.last
    }

    @Test func `verification, refresh and collection end with what they found`() async throws {
        let server = try await ServerUnderTest()
        let file = try await server.add(Self.name)
        let stray = server.storage.put(Array("stray".utf8))
        server.storage.damage(file.digest) { $0[0] ^= 1 }
        let session = try await server.session()
        try await server.application.test(.live) { client in
            let listed = try await client.send(.get, Paths.storagePatches, token: session).decoded(StoragePatchesBody.self)
            #expect(listed.files.map(\.file) == [file])
            #expect(listed.heldBytes == file.length + stray.length)

            let verify = try await client.post(Paths.storageVerify, StorageVerifyBody(repair: false), token: session)
            guard case .ended(let found)? = try last(StorageVerification.self, verify) else {
                Issue.record("\(verify.text)")
                return
            }
            #expect(found.findings.map(\.fault) == [.damaged])

            let refresh = try await client.send(.post, Paths.storageRefresh, token: session)
            guard case .ended? = try last(StorageRefresh.self, refresh) else {
                Issue.record("\(refresh.text)")
                return
            }
            let collect = try await client.post(Paths.storageCollect, StorageCollectBody(dryRun: true), token: session)
            guard case .ended(let collected)? = try last(StorageCollection.self, collect) else {
                Issue.record("\(collect.text)")
                return
            }
            #expect(collected.contents == [stray.digest])
        }
        #expect(server.log.lines.filter { $0.contains(#""authz_admin""#) }.count == 3)
    }

    @Test func `a server without an upstream has nothing to fetch ahead of time`() async throws {
        let server = try await ServerUnderTest()
        let session = try await server.session()
        try await server.application.test(.router) { client in
            let response = try await client.post(Paths.storagePrefetch, StoragePrefetchBody(tier: nil), token: session)
            guard case .problem(let problem)? = try last(StoragePrefetch.self, response) else {
                Issue.record("\(response.text)")
                return
            }
            #expect(problem.code == "sync-not-configured" && problem.detail.contains("no upstream"))
        }
    }

    @Test func `work that is refused ends with the problem`() async throws {
        let server = try await ServerUnderTest()
        let session = try await server.session()
        try await server.application.test(.router) { client in
            let response = try await client.post(Paths.storageVerify, StorageVerifyBody(repair: true), token: session)
            guard case .problem(let problem)? = try last(StorageVerification.self, response) else {
                Issue.record("\(response.text)")
                return
            }
            #expect(problem.code == "sync-not-configured")
        }
    }
}
