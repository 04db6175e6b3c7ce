import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import TUF
import Testing

@Suite struct TrustRootTests {
    private let signing: SigningServer
    private var server: InProcessServer { signing.server }
    private var clock: ManualClock { signing.clock }

    init() async throws { signing = try await SigningServer() }

    private func restarted() async throws -> SigningServer { SigningServer(try await server.restarted(), clock) }

    /// The client, before the server as it was started anew.
    private func follow(_ client: MetadataClient, _ repository: MetadataRepository, _ signing: SigningServer) -> MetadataClient {
        client.reading { try await signing.server.publisher.metadata(MetadataFile($0, of: repository), for: "edge") }
    }

    @Test func `a root's key may be kept elsewhere until a new root is needed`() async throws {
        let client = try await signing.origin()
        let key = try #require(try await server.keys.key(.originRoot))
        server.keys.set(nil, as: .originRoot)
        try await signing.release("108.1")
        #expect(try await client.target("108.1") != nil)
        // It should be renewed from the 305th day on, and is good until the 365th.
        clock.advance(by: .seconds(365 * 86_400 - 1))
        #expect(try await client.refresh().versions["root"] == 1)
        clock.advance(by: .seconds(1))
        await expectError(.trustUnavailable, naming: ["origin-root", "expired at 2024-12-31", "keys/origin-root.key"]) {
            try await signing.head("edge")
        }
        #expect(try await server.keys.key(.originRoot) == nil, "nobody would trust another key")
        server.keys.set(key, as: .originRoot)
        #expect(try await client.refresh().versions["root"] == 2)
        #expect(try await signing.origin().target("108.1") != nil)
        server.keys.set(nil, as: .originRoot)
        #expect(try await client.target("9.1") != nil)
    }

    @Test(arguments: [TrustKeyName.originTargets, .originOnline, .tiersTargets, .tiersOnline])
    func `a lost key is replaced, and a new root says so`(name: TrustKeyName) async throws {
        let (origin, view) = (try await signing.origin(), try await signing.view("edge"))
        for client in [origin, view] { #expect(try await client.target("9.1") != nil) }
        let lost = try #require(try await server.keys.key(name))
        server.keys.set(nil, as: name)
        clock.advance(by: .seconds(60))
        let restarted = try await restarted()
        _ = try await restarted.head("edge")
        let concerned: MetadataRepository = name.rawValue.hasPrefix("origin") ? .origin("origin") : .view("edge")
        for (client, repository) in [(origin, MetadataRepository.origin("origin")), (view, .view("edge"))] {
            let client = follow(client, repository, restarted)
            #expect(try await client.target("9.1") != nil)
            #expect(try await client.refresh().versions["root"] == (repository == concerned ? 2 : 1))
            #expect(try await !client.refresh().root.signed.keys.contains(lost.keyID))
        }
        for tier in TierState.defaultTiers { #expect(try await restarted.view(tier).target("9.1") != nil) }
    }

    @Test func `a lost key is not replaced without the root's`() async throws {
        _ = try await signing.head("edge")
        server.keys.set(nil, as: .tiersOnline)
        server.keys.set(nil, as: .tiersRoot)
        let restarted = try await restarted()
        await expectError(.trustUnavailable, naming: ["tiers-root", "is not here", "does not list"]) {
            try await restarted.head("edge")
        }
    }

    @Test func `another root's key does not suffice`() async throws {
        _ = try await signing.head("edge")
        server.keys.set(nil, as: .originOnline)
        server.keys.set(try .generateEd25519(), as: .originRoot)
        let restarted = try await restarted()
        await expectError(.trustUnavailable, naming: ["origin-root", "does not suffice"]) { try await restarted.head("edge") }
    }

    @Test func `a root that nobody can read is not passed over`() async throws {
        _ = try await signing.head("edge")
        server.trust.files(of: .origin("origin")).files["1.root.json"] = Array("{}".utf8)
        let restarted = try await restarted()
        await expectError(.trustUnavailable, naming: ["1.root.json"]) { try await restarted.head("edge") }
    }

    @Test func `a view that comes later has all roots`() async throws {
        _ = try await signing.head("edge")
        server.keys.set(nil, as: .tiersOnline)
        let restarted = try await restarted()
        _ = try await restarted.head("edge")
        try await restarted.server.administer(.addTier(name: "lts", position: .last))
        #expect(try await restarted.view("lts").refresh().versions["root"] == 2)
    }

    @Test func `keys are made once, and each is another one`() async throws {
        _ = try await signing.head("edge")
        var ids: Set<String> = []
        for name in TrustKeyName.allCases { ids.insert(try #require(try await server.keys.key(name)).keyID) }
        #expect(ids.count == TrustKeyName.allCases.count)
    }
}
