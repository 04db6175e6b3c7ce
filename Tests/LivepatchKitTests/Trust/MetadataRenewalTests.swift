import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import Synchronization
import TUF
import Testing

@Suite struct MetadataRenewalTests {
    private let signing: SigningServer
    private var server: InProcessServer { signing.server }
    private var clock: ManualClock { signing.clock }

    init() async throws { signing = try await SigningServer() }

    private func tag() async throws -> String { try await server.publisher.head(for: "edge").tag }

    /// Has every attempt to write anything fail.
    private func forbidWriting() async throws {
        for repository in try await signing.files().keys {
            server.trust.files(of: repository).probe { throw LivepatchError(.internalFault, "\($0) of \(repository)") }
        }
    }

    @Test func `nothing is signed again when nothing changed, by another process neither`() async throws {
        let tag = try await tag()
        let files = try await signing.files()
        try await forbidWriting()
        _ = try await server.issue("edge", "site")
        clock.advance(by: .seconds(12 * 3600 - 1))
        #expect(try await self.tag() == tag)
        let restarted = try await server.restarted()
        #expect(try await restarted.publisher.head(for: "edge").tag == tag)
        #expect(try await signing.files() == files)
    }

    @Test func `a change signs anew what it concerns, and no more`() async throws {
        _ = try await tag()
        let before = try await signing.files()
        clock.advance(by: .seconds(60))
        try await signing.release("108.1")
        _ = try await tag()
        let after = try await signing.files()
        // Beta, candidate and stable do not see it.
        for tier in TierState.defaultTiers.dropFirst() { #expect(after[.view(tier)] == before[.view(tier)]) }
        let new = { (repository: MetadataRepository) in
            (after[repository] ?? [:]).filter { before[repository]?[$0.key] != $0.value }.keys
                .map { $0.drop { $0.isNumber || $0 == "." } }.sorted()
        }
        #expect(new(.view("edge")) == ["snapshot.json", "tier-edge.json", "timestamp.json"])
        #expect(new(.origin("origin")) == ["snapshot.json", "targets.json", "timestamp.json"])
    }

    @Test func `what nears its end is renewed when somebody asks, and nothing earlier`() async throws {
        let clients = [try await signing.origin(), try await signing.view("edge")]
        #expect(try await renewed(clients, after: .seconds(12 * 3600 - 1)) == [[], []])
        #expect(try await renewed(clients, after: .seconds(1)) == [["timestamp"], ["timestamp"]])
        #expect(try await renewed(clients, after: .seconds(3 * 86_400 - 1)) == [["timestamp"], ["timestamp"]])
        #expect(try await renewed(clients, after: .seconds(1)) == [["timestamp", "snapshot"], ["timestamp", "snapshot"]])
        let tiers = TierState.defaultTiers.map { "tier-\($0)" }
        let roles: [Set<String>] = [["targets", "revocations"], Set(["targets"] + tiers)]
        let online: Set<String> = ["timestamp", "snapshot"]
        clock.advance(by: .seconds(56 * 86_400))
        _ = try await versions(clients)
        #expect(try await renewed(clients, after: .seconds(86_400)) == roles.map { $0.union(["timestamp", "snapshot"]) })
        for _ in 0..<8 {
            clock.advance(by: .seconds(30 * 86_400))
            _ = try await versions(clients)
        }
        // 300.5 days: the root comes last.
        #expect(try await renewed(clients, after: .seconds(4 * 86_400)).allSatisfy { $0 == online })
        #expect(try await renewed(clients, after: .seconds(86_400)).allSatisfy { $0.contains("root") })
        #expect(try await versions(clients).map { $0["root"] } == [2, 2])
        let start = Int(clock.start.timeIntervalSince1970)
        #expect(try await versions(clients).map { $0["patch-9.1"] } == [start, start])
    }

    /// What the clients see, after somebody asked.
    private func versions(_ clients: [MetadataClient]) async throws -> [[String: Int]] {
        let tag = try await tag()
        var versions: [[String: Int]] = []
        for client in clients { versions.append(try await client.refresh().versions) }
        #expect(try await self.tag() == tag)
        return versions
    }

    /// The roles of which the clients see other versions after some time.
    private func renewed(_ clients: [MetadataClient], after duration: Duration) async throws -> [Set<String>] {
        let before = try await versions(clients)
        clock.advance(by: duration)
        let after = try await versions(clients)
        var renewed: [Set<String>] = []
        for (index, before) in before.enumerated() {
            var roles: Set<String> = []
            for (role, version) in after[index] where before[role] != version {
                #expect(version > before[role] ?? 0)
                roles.insert(role)
            }
            renewed.append(roles)
        }
        return renewed
    }

    @Test func `a superseded file stays for an hour, the roots for ever`() async throws {
        func names() -> Set<String> { Set(server.trust.files(of: .view("edge")).files.keys) }
        _ = try await tag()
        let first = names()
        clock.advance(by: .seconds(86_400))
        try await signing.release("108.1")
        _ = try await tag()
        let gone = first.filter { $0.contains("snapshot") || $0.contains("tier-edge") }
        #expect(gone.count == 2)
        #expect(names().isSuperset(of: first))
        // Half an hour later somebody may still be reading.
        clock.advance(by: .seconds(1800))
        try await signing.release("108.2")
        _ = try await tag()
        #expect(names().isSuperset(of: first))
        clock.advance(by: .seconds(1800))
        try await signing.release("108.3")
        _ = try await tag()
        #expect(names().intersection(first) == first.subtracting(gone))
        #expect(try await signing.view("edge").target("108.3") != nil)
    }

    @Test func `many changes within a second are many versions, none of them twice`() async throws {
        let client = try await signing.view("edge")
        var seen: [Int] = []
        for number in 1...5 {
            try await signing.release("300.\(number)")
            seen.append(try #require(try await client.refresh().versions["timestamp"]))
        }
        #expect(seen == seen.sorted() && Set(seen).count == 5)
    }

    @Test func `a clock that was set back does not set versions back`() async throws {
        let client = try await signing.view("edge")
        let before = try #require(try await client.refresh().versions["timestamp"])
        let early = clock.date.addingTimeInterval(-86_400)
        let metadata = publisher(of: server, at: early)
        try await signing.release("108.1")
        _ = try await metadata.head(for: "edge")
        let file = MetadataFile(MetadataFile.timestamp, of: .view("edge"))
        let bytes = try #require(try await metadata.metadata(file, for: "edge"))
        #expect(try Metadata<TUF.Timestamp>(bytes).signed.version == before + 1)
    }

    // MARK: Restored backups

    private func publisher(
        of server: InProcessServer, at time: Date, beginsAnew: Bool = false
    ) -> PlainDocumentPublisher {
        let tiers = TierStateCache(catalog: server.catalog)
        return PlainDocumentPublisher(
            catalog: server.catalog, tiers: tiers,
            metadata: MetadataPublisher(
                catalog: server.catalog, tiers: tiers, storage: self.server.trust, keys: self.server.keys, place: { .top },
                beginsAnew: beginsAnew, now: { time }))
    }

    /// A catalogue of before, when there was only 9.1.
    private func oldCatalogue() async throws -> InProcessServer {
        let clock = clock
        let backup = try await InProcessServer(id: "origin", signs: false, now: { clock.date })
        try await SigningServer(backup).release("9.1")
        return backup
    }

    @Test func `who restores an old catalogue goes on above what was published since`() async throws {
        let backup = try await oldCatalogue()
        let view = try await signing.view("edge")
        let origin = try await signing.origin()
        let before = [try await view.refresh().versions, try await origin.refresh().versions]
        clock.advance(by: .seconds(3600))
        let restored = publisher(of: backup, at: clock.date)
        let clients = [
            view.reading { try await restored.metadata(MetadataFile($0, of: .view("edge")), for: "edge") },
            origin.reading { try await restored.metadata(MetadataFile($0, of: .origin("origin")), for: "edge") },
        ]
        for (client, before) in zip(clients, before) {
            #expect(try await client.target("9.1") != nil)
            #expect(try await client.target("107.1") == nil)
            let after = try await client.refresh().versions
            #expect(before.allSatisfy { after[$0.key] ?? 0 >= $0.value })
            #expect(try #require(after["timestamp"]) > (before["timestamp"] ?? .max))
        }
    }

    @Test func `who restores old metadata too goes on above what was published since`() async throws {
        let view = try await signing.view("edge")
        try await view.refresh()
        let files = try await signing.files()
        for _ in 0..<3 {
            clock.advance(by: .seconds(3600))
            try await server.administer(.promote(version: "107.2", tier: "stable"))
            try await view.refresh()
            try await server.administer(.withdraw(version: "107.2", tier: "beta"))
            try await view.refresh()
        }
        let before = try await view.refresh().versions
        clock.advance(by: .seconds(10))
        for (repository, files) in files { server.trust.files(of: repository).files = files }
        try await server.administer(.promote(version: "107.2", tier: "stable"))
        let after = try await view.refresh().versions
        #expect(before.allSatisfy { after[$0.key] ?? 0 >= $0.value })
        #expect(try #require(after["tier-stable"]) > (before["tier-stable"] ?? .max))
    }

    @Test(arguments: [false, true])
    func `who starts from old metadata, with nothing to change, leaves it behind at once`(_ beginsAnew: Bool) async throws {
        let view = try await signing.view("edge")
        try await view.refresh()
        let files = try await signing.files()
        let patch = try #require(try await server.catalog.versionDocument("107.2"))
        for command in [.promote(version: "107.2", tier: "beta"), .withdraw(version: "107.2", tier: "beta")] as [TierCommand] {
            clock.advance(by: .seconds(60))
            try await server.administer(command)
            try await view.refresh()
        }
        clock.advance(by: .seconds(60))
        for (repository, files) in files { server.trust.files(of: repository).files = files }
        let restarted = publisher(of: server, at: clock.date, beginsAnew: beginsAnew)
        let client = view.reading { try await restarted.metadata(MetadataFile($0, of: .view("edge")), for: "edge") }
        if beginsAnew {
            try await client.refresh()
            #expect(try await server.catalog.versionDocument("107.2") == patch, "a patch is signed once")
        } else {
            await #expect(throws: TUFError.self) { try await client.refresh() }
        }
    }

    @Test func `what was listed after the backup is missed by readers, until the keys of freshness are replaced`() async throws {
        let backup = try await oldCatalogue()
        let view = try await signing.view("edge")
        try await view.refresh()
        let files = try await signing.files()
        try await signing.release("108.1")
        try await view.refresh()
        clock.advance(by: .seconds(3600))
        for (repository, files) in files { server.trust.files(of: repository).files = files }
        let restored = publisher(of: backup, at: clock.date)
        let client = view.reading { try await restored.metadata(MetadataFile($0, of: .view("edge")), for: "edge") }
        // A snapshot must not forget what it listed (TUF, section 5.5.5): this might be an attack.
        let error = await #expect(throws: TUFError.self) { try await client.refresh() }
        #expect(error?.code == .rollback)

        server.keys.set(nil, as: .tiersOnline)
        let recovered = publisher(of: backup, at: clock.date)
        let again = view.reading { try await recovered.metadata(MetadataFile($0, of: .view("edge")), for: "edge") }
        #expect(try await again.target("9.1") != nil)
        #expect(try await again.refresh().versions["root"] == 2)
    }
}
