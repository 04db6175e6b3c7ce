import Foundation
import HTTPTypes
import HummingbirdTesting
import LivepatchAPI
import LivepatchKit
import Testing

@testable import LivepatchService

@Suite("Lists page by page")
struct PageTests {
    @Test func `every page goes on behind the one before, and the last one says so`() async throws {
        let server = try await ServerUnderTest()
        for release in 1...5 { try await server.add("livepatch-5.15.0-107.117-generic-\(release).1-amd64.tar.bz2") }
        for name in ["a", "a", "b"] {
            _ = try await server.secret("edge", name: name)
            if name == "a" { _ = try await server.issuer.revoke(name, by: "test") }
        }
        let session = try await server.session()
        try await server.application.test(.router) { client in
            func pages<Page: Decodable>(
                _ path: String, _ type: Page.Type, _ next: (Page) -> String?
            ) async throws -> [Page] {
                var pages: [Page] = []
                var cursor: String?
                repeat {
                    let page = try await client.send(
                        .get, "\(path)?limit=2\(cursor.map { "&cursor=\($0)" } ?? "")", token: session
                    ).decoded(type)
                    pages.append(page)
                    cursor = next(page)
                    try #require(pages.count < 10)
                } while cursor != nil
                return pages
            }
            let patches = try await pages(Paths.patches, PatchListBody.self, \.next)
            #expect(patches.map { $0.patches.map(\.record.version.release) } == [[1, 2], [3, 4], [5]])
            let changes = try await pages(Paths.changes, HistoryBody.self, \.next).flatMap(\.changes)
            #expect(changes.map(\.id) == changes.map(\.id).sorted(by: >) && changes.last?.id == 1)
            let tokens = try await pages(Paths.syncTokens, SyncTokensBody.self, \.next).flatMap(\.syncTokens)
            #expect(tokens.map(\.name) == ["a", "a", "b"])
            let files = try await pages(Paths.storagePatches, StoragePatchesBody.self, \.next)
            #expect(files.flatMap(\.files).count == 5)
            #expect(files.map { $0.heldBytes != nil } == [true, false, false])
        }
    }

    @Test(arguments: ["cursor=x", "cursor=", "cursor=MQ%3D%3D", "limit=0", "limit=1001", "limit=x"])
    func `what is no page is refused`(_ query: String) async throws {
        let server = try await ServerUnderTest()
        let session = try await server.session()
        try await server.application.test(.router) { client in
            for path in [Paths.patches, Paths.changes, Paths.syncTokens, Paths.machines, Paths.webhookDeliveries] {
                let answer = try await client.send(.get, "\(path)?\(query)", token: session)
                #expect(answer.problem?.code == "malformed-request", "\(path)")
            }
        }
    }
}
