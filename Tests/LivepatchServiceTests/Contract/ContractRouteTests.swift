import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LivepatchAPI
import Testing

@testable import LivepatchService

struct ContractRouteTests {
    /// What can be asked, and by whom.
    private struct Line: Hashable, CustomStringConvertible {
        let method: String
        let path: String
        let admission: Endpoint.Admission

        var description: String { "\(method) \(path) for \(admission)" }
    }

    @Test func `every route is an endpoint of the document with who may enter, and every endpoint is a route`() async throws {
        var server = try await ServerUnderTest()
        server.parts.metrics = MetricsExposition(token: nil) { "" }
        let described = Endpoint.all.flatMap { endpoint in
            (endpoint.method == .get ? ["GET", "HEAD"] : [endpoint.method.rawValue.uppercased()]).map {
                Line(method: $0, path: endpoint.path, admission: Self.entered(endpoint.admission))
            }
        }
        let routes = ServerRoutes.routes(server.parts, server.options).table.map {
            Line(method: $0.method.rawValue, path: $0.template, admission: Self.admission($0.entry))
        }
        #expect(Set(described).subtracting(routes).map(\.description) == [])
        #expect(Set(routes).subtracting(described).map(\.description) == [])
        #expect(described.count == Set(described).count && routes.count == Set(routes).count)
        #expect(Set(Endpoint.all.map(\.id)).count == Endpoint.all.count)
    }

    @Test func `everybody can read the document that is checked in`() async throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let checkedIn = try Data(contentsOf: root.appending(path: "Documentation/openapi.json"))
        try await ServerUnderTest().application.test(.router) { client in
            let answer = try await client.send(.get, Paths.contract)
            #expect(answer.status == .ok)
            #expect(answer.headers[.contentType] == "application/json")
            #expect(
                Data(answer.bytes) == checkedIn,
                "Documentation/openapi.json is out of date: run 'make docs-openapi'.")
            let tag = try #require(answer.headers[.eTag])
            #expect(try await client.send(.get, Paths.contract, headers: [.ifNoneMatch: tag]).status == .notModified)
        }
    }

    /// Credentials that a handler looks at by itself are nothing that the table of routes knows of.
    private static func entered(_ admission: Endpoint.Admission) -> Endpoint.Admission {
        switch admission {
        case .observers, .password, .authToken: .everybody
        default: admission
        }
    }

    private static func admission(_ entry: EntryGate.Entry) -> Endpoint.Admission {
        switch entry {
        case .everybody: .everybody
        case .administrators(let role): .administrators(role)
        case .downstreams: .downstreams
        case .machines: .machines
        case .viewers: .viewers
        case .downloaders: .downloaders
        }
    }
}
