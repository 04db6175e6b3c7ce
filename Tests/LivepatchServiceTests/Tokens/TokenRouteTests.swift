import LivepatchTesting
import NIOCore
import HTTPTypes
import Foundation
import HummingbirdTesting
import LivepatchAPI
import LivepatchKit
import Testing

@testable import LivepatchService

@Suite("Sync tokens over the wire")
struct TokenRouteTests {
    @Test func `a token is issued, shown without its secret, rotated and revoked`() async throws {
        let server = try await ServerUnderTest()
        let session = try await server.session()
        let request = SyncTokenRequestBody(tier: try TierName(parsing: "edge"), name: "site", validUntil: nil)
        try await server.application.test(.router) { client in
            let issued = try await client.post(Paths.syncTokens, request, token: session)
            #expect(issued.status == .created)
            let first = try issued.decoded(IssuedSyncTokenBody.self).secret
            #expect(try await client.send(.get, Paths.syncHead, token: first).status == .ok)
            #expect(try await client.post(Paths.syncTokens, request, token: session).problem?.code == "already-exists")

            let list = try await client.send(.get, Paths.syncTokens, token: session)
            #expect(!list.text.contains(first))
            #expect(try list.decoded(SyncTokensBody.self).syncTokens.map(\.state) == [.active])

            let rotated = try await client.post(
                Paths.syncTokenRotate("site"), SyncTokenRotateBody(overlapSeconds: 60), token: session)
            let second = try rotated.decoded(IssuedSyncTokenBody.self).secret
            #expect(try await client.send(.get, Paths.syncHead, token: first).status == .ok)
            server.clock.pass(61)
            #expect(try await client.send(.get, Paths.syncHead, token: first).status == .unauthorized)
            #expect(try await client.send(.get, Paths.syncHead, token: second).status == .ok)

            let revoked = try await client.send(.delete, Paths.syncToken("site"), token: session)
            #expect(try revoked.decoded(SyncTokenBody.self).state == .revoked)
            #expect(try await client.send(.get, Paths.syncHead, token: second).status == .unauthorized)
            #expect(try await client.send(.delete, Paths.syncToken("site"), token: session).problem?.code == "not-found")
            #expect(!server.log.lines.contains { $0.contains(first) || $0.contains(second) })
        }
        let events = server.log.lines.filter { $0.contains(#""authz_admin""#) }
        #expect(events.count == 3)
    }

    @Test(arguments: [-1, Int.max])
    func `an overlap has bounds`(_ seconds: Int) async throws {
        let server = try await ServerUnderTest()
        let session = try await server.session()
        _ = try await server.secret("edge", name: "site")
        try await server.application.test(.router) { client in
            let response = try await client.post(
                Paths.syncTokenRotate("site"), SyncTokenRotateBody(overlapSeconds: seconds), token: session)
            #expect(response.problem?.code == "malformed-request")
        }
    }

    @Test func `an unknown tier, a bad name and a past end are refused`() async throws {
        let server = try await ServerUnderTest()
        let session = try await server.session()
        try await server.application.test(.router) { client in
            for (tier, name, end, code) in [
                ("none", "a", nil, "tier-unknown"), ("edge", "a b", nil, "malformed-value"),
                ("edge", "a", server.clock.now.addingTimeInterval(-1), "malformed-value"),
            ] as [(String, String, Date?, String)] {
                let body = SyncTokenRequestBody(tier: try TierName(parsing: tier), name: name, validUntil: end)
                #expect(try await client.post(Paths.syncTokens, body, token: session).problem?.code == code)
            }
        }
    }
}
