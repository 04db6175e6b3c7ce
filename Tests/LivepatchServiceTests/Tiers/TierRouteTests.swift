import LivepatchTesting
import NIOCore
import HTTPTypes
import Foundation
import HummingbirdTesting
import LivepatchAPI
import LivepatchKit
import Testing

@testable import LivepatchService

@Suite("Tiers over the wire")
struct TierRouteTests {
    static let name = "livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2"

    @Test func `a promotion is planned, carried out, listed and undone`() async throws {
        let server = try await ServerUnderTest()
        let file = try await server.add(Self.name)
        let session = try await server.session()
        _ = try await server.secret("beta", name: "site")
        let beta = try TierName(parsing: "beta")
        let command = TierCommand.promote(version: file.name.version, tier: beta)
        try await server.application.test(.router) { client in
            func reach() async throws -> [String] {
                let list = try await client.send(.get, Paths.tiers, token: session).decoded(TierListBody.self)
                #expect(list.managedBy == nil)
                #expect(list.tiers.map(\.position) == [0, 1, 2, 3])
                #expect(list.tiers[1].syncTokens == ["site"])
                return list.tiers.filter { $0.versions == [file.name.version] }.map(\.name.rawValue)
            }
            let planned = try await client.post(Paths.changes, ChangeRequestBody(command: command, dryRun: true), token: session)
            #expect(try planned.decoded(ChangeResultBody.self).change == nil)
            #expect(try await reach() == ["edge"])
            let done = try await client.post(Paths.changes, ChangeRequestBody(command: command, dryRun: false), token: session)
            let change = try #require(try done.decoded(ChangeResultBody.self).change)
            #expect(try await reach() == ["edge", "beta"])
            let history = try await client.send(.get, Paths.changes + "?limit=1", token: session).decoded(HistoryBody.self)
            #expect(history.changes.map(\.id) == [change])
            #expect(history.changes.first?.actor == ServerUnderTest.user)
            let undo = ChangeRequestBody(command: .undo(change: change), dryRun: false)
            #expect(try await client.post(Paths.changes, undo, token: session).status == .ok)
            #expect(try await reach() == ["edge"])
            #expect(try await client.post(Paths.changes, undo, token: session).problem?.code == "not-undoable")
        }
        let events = server.log.lines.filter { $0.contains(#""authz_admin""#) }
        #expect(events.count == 2, "the dry run changed nothing")
        #expect(events.first?.contains("patch promote 107.1 beta") == true)
        #expect(events.first?.contains("alice") == true)
    }

    @Test func `where the upstream owns the tiers, local changes are refused and blocks are not`() async throws {
        let server = try await ServerUnderTest(upstream: "https://origin.example.com")
        let file = try await server.add(Self.name)
        let session = try await server.session()
        try await server.application.test(.router) { client in
            let promote = ChangeRequestBody(
                command: .promote(version: file.name.version, tier: try TierName(parsing: "beta")), dryRun: false)
            let response = try await client.post(Paths.changes, promote, token: session)
            #expect(response.status == .conflict)
            #expect(response.problem?.code == "managed-upstream")
            #expect(response.problem?.detail.contains("origin.example.com") == true)
            let block = ChangeRequestBody(command: .block(version: file.name.version, reason: "bad"), dryRun: false)
            #expect(try await client.post(Paths.changes, block, token: session).status == .ok)
            let list = try await client.send(.get, Paths.tiers, token: session).decoded(TierListBody.self)
            #expect(list.managedBy == "https://origin.example.com")
            #expect(list.tiers.first?.blocked == [file.name.version])
        }
    }

    @Test func `patch versions are listed whole and by tier`() async throws {
        let server = try await ServerUnderTest()
        try await server.add(Self.name, upTo: "stable")
        try await server.add("livepatch-5.15.0-107.117-generic-108.1-amd64.tar.bz2", Array("x".utf8))
        let session = try await server.session()
        try await server.application.test(.router) { client in
            func versions(_ query: String) async throws -> [String] {
                try await client.send(.get, Paths.patches + query, token: session).decoded(PatchListBody.self).patches
                    .map(\.record.version.description)
            }
            #expect(try await versions("") == ["107.1", "108.1"])
            #expect(try await versions("?tier=edge") == ["107.1", "108.1"])
            #expect(try await versions("?tier=stable") == ["107.1"])
            #expect(try await client.send(.get, Paths.patches + "?tier=none", token: session).problem?.code == "tier-unknown")
            let shown = try await client.send(.get, "/v1/admin/patches/107.1", token: session).decoded(PatchDetailBody.self)
            #expect(shown.files.map(\.file.name.description) == [Self.name])
            #expect(shown.patch.tiers.count == 4)
            #expect(try await client.send(.get, "/v1/admin/patches/9.9", token: session).problem?.code == "version-unknown")
            #expect(try await client.send(.get, "/v1/admin/patches/x", token: session).problem?.code == "malformed-value")
        }
    }
}
