import LivepatchTesting
import NIOCore
import HTTPTypes
import Foundation
import HummingbirdTesting
import LivepatchAPI
import LivepatchKit
import Testing

@testable import LivepatchService

@Suite("How the server is")
struct HealthTests {
    @Test func `a healthy server says so to everybody`() async throws {
        let server = try await ServerUnderTest()
        try await server.application.test(.router) { client in
            let root = try await client.send(.get, "/")
            #expect(root.text == "livepatch-server \(Release.version): OK\n")
            #expect(root.headers[.contentType]?.hasPrefix("text/plain") == true)
            let information = try await client.send(.get, "/debug/info").decoded(ServerInformationBody.self)
            #expect(information.version == Release.version)
            #expect(information.deployment == server.parts.deployment)
            let status = try await client.send(.get, "/debug/status")
            #expect(status.status == .ok)
            let services = try status.decoded(ServerStatusBody.self)
            #expect(services["database"]?.status == "OK")
            #expect(services["patch-storage"]?.status == "OK")
            #expect(services["patch-sync"] == nil, "this server does not sync")
        }
    }

    @Test func `a sync that failed is told, and takes nobody's server away`() async throws {
        let server = try await ServerUnderTest { _, _ in
            SyncReport(
                started: Date(timeIntervalSince1970: 0), ended: Date(timeIntervalSince1970: 0), result: .failed,
                failures: [.init(file: nil, code: "upstream-unreachable", message: "https://secret.example.com is gone")])
        }
        try await server.application.test(.router) { client in
            #expect(try await client.send(.get, "/debug/status").text.contains("no sync has ended yet"))
            _ = try await server.parts.sync.coordinator?.trigger().report()
            let status = try await client.send(.get, "/debug/status")
            #expect(status.status == .ok)
            let text = try #require(try status.decoded(ServerStatusBody.self)["patch-sync"]?.status)
            #expect(text.contains("upstream-unreachable"))
            #expect(!text.contains("secret.example.com"))
        }
    }
}
