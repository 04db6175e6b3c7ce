import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import TUF
import Testing

@Suite struct MetadataUpgradeTests {
    @Test func `an origin that ran unsigned signs what it has, and those below it take that without fetching anything again`()
        async throws
    {
        let unsigned = try await SigningServer(signs: false)
        let secret = try await unsigned.server.issue("edge", "site")
        let site = try await InProcessServer(id: "site", signs: false)
        let first = await site.sync(from: unsigned.server, secret: secret)
        #expect(first.result == .complete)
        #expect(try await unsigned.head("edge").metadata == nil)
        let plain = try #require(try await unsigned.server.catalog.versionDocument("107.1"))
        #expect(plain.bytes.starts(with: Array(#"{"files""#.utf8)))
        let revision = try await unsigned.server.catalog.revision()

        let signed = SigningServer(try await unsigned.server.restarted(), unsigned.clock)
        #expect(try await signed.head("edge").metadata != nil)
        #expect(try await signed.server.catalog.revision() == revision)
        let document = try #require(try await signed.server.catalog.versionDocument("107.1"))
        #expect(document != plain)
        #expect(try VersionDocument(reading: document.bytes, of: "107.1") == VersionDocument(reading: plain.bytes, of: "107.1"))
        for version in ["9.1", "107.1", "107.2"] { #expect(try await signed.view("edge").target(version) != nil) }

        let second = await site.sync(from: signed.server, secret: secret)
        #expect(second.result == .complete && second.files == 0)
        #expect(try await site.catalog.versionDocument("107.1") == document)
    }

    @Test func `going back to a version that does not sign shows the signed documents`() async throws {
        let signing = try await SigningServer()
        _ = try await signing.head("edge")
        let document = try #require(try await signing.server.catalog.versionDocument("107.1"))
        let before = SigningServer(try await signing.server.restarted(signs: false), signing.clock)
        #expect(try await before.head("edge").metadata == nil)
        #expect(try await before.server.publisher.document(.version("107.1"), for: "edge") == document)
        try await before.release("107.1", flavour: "aws")
        let plain = try #require(try await before.server.publisher.document(.version("107.1"), for: "edge"))
        let again = SigningServer(try await signing.server.restarted(), signing.clock)
        #expect(try await again.origin().target("107.1", flavour: "aws") != nil)
        #expect(try await again.server.publisher.document(.version("107.1"), for: "edge") != plain)
    }

    @Test func `revocations that are damaged or foreign are refused with a word`() throws {
        var targets = Targets(expires: MetadataTime(secondsSince1970: 0))
        expectError(.upstreamMalformed, naming: ["no list of blocks"]) { try RevocationsDocument(targets) }
        let good: JSONObject = [
            "version": "9.1", "reason": "x", "blocked": "2024-06-01T12:00:00Z", "deployment": "origin",
        ]
        targets.unrecognized["blocks"] = .array([.object(good)])
        #expect(try RevocationsDocument(targets).blocks.map(\.version) == ["9.1"])
        for (member, value) in [
            ("version", "nine" as JSONValue), ("version", 9), ("reason", 1), ("blocked", "yesterday"), ("deployment", "-"),
        ] {
            var bad = good
            bad[member] = value
            targets.unrecognized["blocks"] = .array([.object(bad)])
            expectError(.upstreamMalformed, naming: ["revocations"]) { try RevocationsDocument(targets) }
        }
        targets.unrecognized["blocks"] = .array(["9.1"])
        expectError(.upstreamMalformed) { try RevocationsDocument(targets) }
    }

    @Test func `what is relayed survives being written down, and an old state has nothing of it`() throws {
        let reference = DocumentReference(of: [1, 2, 3])
        let relayed = [
            RelayedRepository(.origin("origin"), files: ["timestamp.json": reference, "1.root.json": reference]),
            RelayedRepository(.view("edge", owner: "origin"), files: ["timestamp.json": reference]),
        ]
        let state = SyncState(route: Route(origin: "origin"), relayed: relayed)
        let bytes = try DocumentCoding.encode(state)
        #expect(try DocumentCoding.decode(SyncState.self, from: bytes) == state)
        #expect(try DocumentCoding.encode(try DocumentCoding.decode(SyncState.self, from: bytes)) == bytes)
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.contains(#"{"files":{"1.root.json":"#) && text.contains(#""owner":"origin","view":"edge"}"#))
        let old = String(decoding: try DocumentCoding.encode(SyncState()), as: UTF8.self)
            .replacing(#""relayed":[],"#, with: "")
        #expect(!old.contains("relayed"))
        #expect(try DocumentCoding.decode(SyncState.self, from: Array(old.utf8)) == SyncState())
    }
}
