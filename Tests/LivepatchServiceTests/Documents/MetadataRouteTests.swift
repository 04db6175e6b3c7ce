import HTTPTypes
import HummingbirdTesting
import LivepatchAPI
import LivepatchKit
import NIOCore
import Testing

@testable import LivepatchService

@Suite("Signed metadata over the wire")
struct MetadataRouteTests {
    private static let origin = MetadataRepository.origin(Shorthand.deployment)
    private static let edge = MetadataRepository.view(Shorthand.edge)

    /// A server that shows a few files, to tokens of the first tier or of the first and the last.
    private func scene() async throws -> ServerUnderTest {
        var server = try await ServerUnderTest()
        var publisher = HandedMetadata(plain: server.parts.publisher)
        let both: Set = [Shorthand.edge, Shorthand.stable]
        publisher.files[MetadataFile("timestamp.json", of: Self.origin)] = (both, Array("origin".utf8))
        publisher.files[MetadataFile("7.patch-107.1.json", of: Self.origin)] = (both, Array("patch".utf8))
        publisher.files[MetadataFile("timestamp.json", of: Self.edge)] = ([Shorthand.edge], Array("view".utf8))
        publisher.files[MetadataFile("1.a%20b%2Fc.json", of: Self.edge)] = ([Shorthand.edge], Array("odd".utf8))
        server.show(publisher)
        return server
    }

    @Test(arguments: Wire.allCases)
    func `a repository's files are served as they are, each with its digest as tag`(_ wire: Wire) async throws {
        let server = try await scene()
        let secret = try await server.secret("edge")
        try await server.test(wire) { client in
            for (file, text) in [
                (MetadataFile("timestamp.json", of: Self.origin), "origin"),
                (MetadataFile("7.patch-107.1.json", of: Self.origin), "patch"),
                (MetadataFile("timestamp.json", of: Self.edge), "view"), (MetadataFile("1.a%20b%2Fc.json", of: Self.edge), "odd"),
            ] {
                let answer = try await client.send(.get, Paths.metadata(file), token: secret)
                #expect(answer.status == .ok, "\(file)")
                #expect(answer.text == text)
                #expect(answer.headers[.contentType] == "application/json")
                let tag = try #require(answer.headers[.eTag])
                #expect(tag == "\"\(SHA256Digest(of: answer.bytes))\"")
                let again = try await client.send(.get, Paths.metadata(file), token: secret, headers: [.ifNoneMatch: tag])
                #expect(again.status == .notModified)
                #expect(again.body.readableBytes == 0)
                let head = try await client.send(.head, Paths.metadata(file), token: secret)
                #expect(head.status == .ok && head.body.readableBytes == 0)
            }
        }
    }

    @Test(arguments: ["1.a%20b%2Fc.json", "1.a%20b%2fc.json", "1%2Ea%20b%2Fc.json", "1.%61%20b%2Fc%2Ejson"])
    func `however a client encodes a role's name, it is the same file`(_ name: String) async throws {
        let server = try await scene()
        let secret = try await server.secret("edge")
        try await server.application.test(.router) { client in
            let answer = try await client.send(.get, "/v1/sync/metadata/tiers/edge/\(name)", token: secret)
            #expect(answer.text == "odd")
        }
    }

    @Test(arguments: Wire.allCases)
    func `what is not there, what the token does not open and what can be no name are answered alike`(_ wire: Wire) async throws {
        let server = try await scene()
        let secret = try await server.secret("stable")
        try await server.test(wire) { client in
            let hidden = [
                "tiers/edge/timestamp.json", "tiers/never/timestamp.json", "tiers/NO%20TIER/timestamp.json",
                "tiers/%zz/root.json",
                "tiers/edge/%zz", "tiers/edge/timestamp", "tiers/edge/.json", "tiers/edge/1.a%252Fc.json",
                "origins/nobody/timestamp.json", "origins/%20/timestamp.json",
                "origins/\(Shorthand.deployment)/9.patch-107.1.json",
                "origins/\(Shorthand.deployment)/\(String(repeating: "a", count: 600)).json",
            ]
            var answers: Set<String> = []
            for path in hidden {
                answers.insert(try await client.send(.get, "/v1/sync/metadata/\(path)", token: secret).fingerprint)
            }
            answers.insert(try await client.send(.get, "/v1/sync/versions/999.9", token: secret).fingerprint)
            #expect(answers.count == 1)
            #expect(answers.first?.hasPrefix("404") == true)
            let shown = try await client.send(
                .get, Paths.metadata(MetadataFile("timestamp.json", of: Self.origin)), token: secret)
            #expect(shown.status == .ok)
            #expect(try await client.send(.get, "/v1/sync/metadata/tiers/edge/timestamp.json").status == .unauthorized)
        }
    }

    @Test func `a file is found by digest and name, and by no other digest`() async throws {
        let server = try await ServerUnderTest()
        let file = try await server.add("livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2", upTo: "stable")
        let other = try await server.add("livepatch-5.15.0-107.117-generic-108.1-amd64.tar.bz2", Array("hidden".utf8))
        let secret = try await server.secret("stable")
        try await server.application.test(.router) { client in
            let answer = try await client.send(.get, Paths.target(file), token: secret)
            #expect(answer.status == .ok)
            #expect(answer.text == "content")
            #expect(answer.headers[.eTag] == "\"\(file.digest)\"")
            let part = try await client.send(.get, Paths.target(file), token: secret, headers: [.range: "bytes=3-"])
            #expect(part.status == .partialContent && part.text == "tent")
            let wrong = [
                "\(other.digest).\(file.name)", "\(other.digest).\(other.name)", "\(file.digest).\(other.name)",
                "\(file.digest).",
                "\(file.digest)", "\(file.name)", "\(file.digest.description.uppercased()).\(file.name)", ".\(file.name)", "%zz",
            ]
            for text in wrong {
                let path = "/v1/sync/targets/\(text)"
                let status = try await client.send(.get, path, token: secret).status
                #expect(status == (text == "%zz" ? .badRequest : .notFound), "\(text)")
            }
            // A file that the tier does not hold and a wrong digest of one that it holds look alike.
            func told(_ path: String, _ name: PatchFileName) async throws -> String {
                try await client.send(.get, path, token: secret).fingerprint.replacing(name.description, with: "NAME")
            }
            #expect(
                try await told("/v1/sync/targets/\(other.digest).\(file.name)", file.name)
                    == told(Paths.target(other), other.name))
        }
    }

    @Test func `where downloads are redirected, so are targets, by their names`() async throws {
        var server = try await ServerUnderTest()
        server.options.downloadRedirect = "https://files.example.com/{filename}"
        let file = try await server.add("livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2")
        let secret = try await server.secret("edge")
        try await server.application.test(.router) { client in
            let answer = try await client.send(.get, Paths.target(file), token: secret)
            #expect(answer.status == .found)
            #expect(answer.headers[.location] == "https://files.example.com/\(file.name)")
        }
    }
}
