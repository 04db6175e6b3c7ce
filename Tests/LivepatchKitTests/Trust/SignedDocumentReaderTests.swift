import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import Synchronization
import TUF
import Testing

@Suite struct `Reading signed documents` {
    private func fingerprint(_ upstream: SignedUpstream, _ repository: MetadataRepository, root: Int = 1) async throws
        -> SHA256Digest
    {
        SHA256Digest(of: try #require(await upstream.published("\(root).root.json", of: repository)))
    }

    private func roots(_ upstream: SignedUpstream) async throws -> Set<SHA256Digest> {
        [try await fingerprint(upstream, .origin("origin")), try await fingerprint(upstream, .view("edge"))]
    }

    // MARK: Round trip

    @Test func `what is signed is what is read, and its files are kept to be relayed`() async throws {
        let upstream = try await SignedUpstream()
        try await upstream.release("107.1", in: ["edge", "beta"], kernels: [107, 108])
        try await upstream.release("108.1")
        try await upstream.block("106.1")
        let site = SignedReading()
        let outcome = try await site.read(upstream)
        #expect(outcome.tiers == ["edge": ["107.1", "108.1"], "beta": ["107.1"]])
        #expect(
            try outcome.documents["107.1"]?.files == [SignedUpstream.file("107.1"), SignedUpstream.file("107.1", kernel: 108)])
        #expect(await outcome.blocks == upstream.blocks)
        #expect(outcome.findings.failures == [] && outcome.findings.refused == [])
        let relayed = outcome.findings.relayed
        #expect(relayed.map(\.repository) == [.origin("origin"), .view("edge", owner: "origin"), .view("beta", owner: "origin")])
        for repository in relayed {
            for (name, reference) in repository.files {
                let bytes = try #require(await upstream.published(name, of: repository.repository.repository))
                #expect(try await site.documents.fetchedDocument(reference.digest) == bytes, "\(name)")
            }
        }
        let names = relayed.map { Set($0.files.keys.map { $0.drop { $0.isNumber || $0 == "." } }) }
        let common: Set<Substring> = ["timestamp.json", "snapshot.json", "targets.json", "root.json"]
        #expect(names[0] == common.union(["revocations.json"]))
        #expect(names[1] == common.union(["tier-edge.json", "tier-beta.json"]))
        #expect(names[2] == common.union(["tier-beta.json"]))
        #expect(await outcome.findings.proof == (try upstream.makeHead().metadata))
    }

    @Test func `without mirrored tiers only the token's own view is read, and origins are relayed`() async throws {
        let upstream = try await SignedUpstream()
        try await upstream.release("107.1", in: ["edge", "beta"])
        let outcome = try await SignedReading().read(upstream, relaying: .origins)
        #expect(outcome.findings.relayed.map(\.repository) == [.origin("origin")])
        #expect(outcome.findings.proof?.views.map(\.tier) == ["edge"])
        let nothing = try await SignedReading().read(upstream, relaying: .nothing)
        #expect(nothing.findings.relayed == [] && nothing.tiers == outcome.tiers)
    }

    @Test func `renewed timestamps cost no more than themselves and a look for new roots`() async throws {
        let upstream = try await SignedUpstream()
        try await upstream.release("107.1", in: ["edge", "beta"])
        let site = SignedReading()
        let before = try await site.read(upstream)
        _ = await upstream.takeAsked()
        try await upstream.publish()
        let after = try await site.read(upstream)
        #expect(
            await upstream.takeAsked().sorted() == ["2.root.json", "2.root.json", "2.root.json", "head"]
                + Array(repeating: "timestamp.json", count: 3))
        #expect(after.tiers == before.tiers && after.findings.relayed != before.findings.relayed)
        #expect(after.findings.notes == [])
    }

    @Test func `an unchanged head is enough while it is proven to be recent`() async throws {
        let upstream = try await SignedUpstream()
        let site = SignedReading()
        guard case .head(_, let tag) = try await site.read(upstream).head else { Issue.record("no head"); return }
        #expect(try await site.read(upstream, unless: tag).head == .unchanged)
        site.set(SignedUpstream.start.addingTimeInterval(86_400))
        await expectError(.upstreamStale, naming: ["the upstream", "origin", "2030-01-02T00:00:00Z", "served on"]) {
            try await site.read(upstream, unless: tag)
        }
    }

    // MARK: Roots

    @Test func `the first root seen is pinned, and told once with its fingerprint`() async throws {
        let upstream = try await SignedUpstream()
        let site = SignedReading()
        let notes = try await site.read(upstream).findings.notes
        #expect(notes.count == 2)
        for root in try await roots(upstream) {
            #expect(notes.contains { $0.contains("\(root)") && $0.contains("trusted-roots") })
        }
        try await upstream.release("107.1")
        #expect(try await site.read(upstream).findings.notes == [])
    }

    @Test func `configured roots are trusted without a word, and others are refused with the fingerprint seen`() async throws {
        let upstream = try await SignedUpstream()
        let site = SignedReading()
        #expect(try await site.read(upstream, roots: try await roots(upstream)).findings.notes == [])
        let seen = try await fingerprint(upstream, .origin("origin"))
        let other = SignedReading()
        await expectError(.upstreamUntrusted, naming: ["the origin repository of origin", "\(seen)", "patch-sync.trusted-roots"])
        {
            try await other.read(upstream, roots: [SHA256Digest(of: [1])])
        }
        #expect(try await other.trust.trustedRepositories() == [])
        // The origin's is right, the tiers' is not.
        await expectError(.upstreamUntrusted, naming: ["tier repository"]) {
            try await other.read(upstream, roots: [seen])
        }
    }

    @Test func `roots that are configured later replace the pinned one only if the upstream has them`() async throws {
        let upstream = try await SignedUpstream()
        let site = SignedReading()
        guard case .head(_, let tag) = try await site.read(upstream).head else { Issue.record("no head"); return }
        await expectError(.upstreamUntrusted) {
            try await site.read(upstream, roots: [SHA256Digest(of: [1])], unless: tag)
        }
        // What was trusted still is.
        #expect(try await site.read(upstream).findings.notes == [])
        try await upstream.rotate()
        let second = try await fingerprint(upstream, .origin("origin"), root: 2)
        let tiers = try await fingerprint(upstream, .view("edge"))
        let outcome = try await site.read(upstream, roots: [second, tiers], unless: tag)
        #expect(outcome.findings.notes == [])
        #expect(outcome.findings.relayed.first?.files.keys.contains("1.root.json") == true)
        #expect(outcome.findings.relayed.first?.files.keys.contains("2.root.json") == true)
    }

    @Test func `a new root is followed if the old one signed it, and relayed with all before it`() async throws {
        let upstream = try await SignedUpstream()
        try await upstream.release("107.1")
        let site = SignedReading()
        _ = try await site.read(upstream)
        try await upstream.rotate()
        let outcome = try await site.read(upstream)
        #expect(outcome.tiers["edge"] == ["107.1"])
        #expect(outcome.findings.failures == [])
        #expect(
            outcome.findings.relayed.first?.files.keys.filter { $0.hasSuffix("root.json") }.sorted() == [
                "1.root.json", "2.root.json",
            ])
    }

    @Test func `another server's tiers or patches are not pinned once some were trusted`() async throws {
        let upstream = try await SignedUpstream()
        let site = SignedReading()
        _ = try await site.read(upstream)
        let stranger = try await SignedUpstream("stranger")
        let root = try await fingerprint(stranger, .origin("stranger"))
        await expectError(.upstreamUntrusted, naming: ["\(root)", "another origin", "patch-sync.trusted-roots"]) {
            try await site.read(stranger)
        }
        await upstream.setHead { head in head.owned(by: "stranger") }
        await expectError(.upstreamUntrusted, naming: ["the tiers of another server"]) { try await site.read(upstream) }
    }

    @Test func `all views of a server begin with one root`() async throws {
        let upstream = try await SignedUpstream()
        let stranger = try await SignedUpstream()
        let files = await stranger.storage(.view("beta")).contents
        await upstream.setFalsify { file, bytes in
            file.repository == .view("beta") ? files[RepositoryFile(.metadata, file.name)] : bytes
        }
        await expectError(.upstreamUntrusted, naming: ["view 'beta'", "the other views"]) {
            try await SignedReading().read(upstream)
        }
    }

    // MARK: What was changed on the way

    @Test(arguments: ["timestamp", "snapshot", "targets", "revocations", "tier-edge"])
    func `a changed byte in any document is refused`(_ role: String) async throws {
        let upstream = try await SignedUpstream()
        try await upstream.release("107.1")
        let changed = Mutex(0)
        await upstream.setFalsify { file, bytes in
            guard file.name.hasSuffix("\(role).json"), var bytes, let place = bytes.lastIndex(of: UInt8(ascii: "Z")) else {
                return bytes
            }
            bytes[place - 1] ^= 1
            changed.withLock { $0 += 1 }
            return bytes
        }
        let site = SignedReading()
        let words = role == "timestamp" ? ["the upstream"] : ["the upstream", role]
        await expectError(.upstreamUntrusted, naming: words) { try await site.read(upstream) }
        #expect(changed.withLock { $0 } > 0)
        #expect(site.last == SyncState())
    }

    @Test func `a changed patch document is refused for itself`() async throws {
        let upstream = try await SignedUpstream()
        try await upstream.release("107.1")
        await upstream.setFalsify { file, bytes in
            file.name.contains("patch-") ? bytes.map { $0.dropLast() + [0] } : bytes
        }
        await expectError(.upstreamUntrusted, naming: ["patch 107.1", "sha256"]) { try await SignedReading().read(upstream) }
    }

    @Test func `a view passed off as another is refused, though the keys are right`() async throws {
        let upstream = try await SignedUpstream()
        let files = await upstream.storage(.view("beta")).contents
        await upstream.setFalsify { file, bytes in
            file.repository == .view("edge") ? files[RepositoryFile(.metadata, file.name)] : bytes
        }
        let stamp = DocumentReference(of: try #require(files[.metadata("timestamp", version: nil)]))
        await upstream.setHead { $0.replacing(edge: stamp) }
        await expectError(.upstreamUntrusted, naming: ["view 'edge'", "belongs to the view “beta”"]) {
            try await SignedReading().read(upstream)
        }
    }

    @Test(arguments: [MetadataRepository.origin("origin"), .view("edge")])
    func `an older state shown again is refused`(_ repository: MetadataRepository) async throws {
        let upstream = try await SignedUpstream()
        try await upstream.release("107.1")
        let old = await upstream.storage(repository).contents
        let stamp = DocumentReference(of: try #require(old[.metadata("timestamp", version: nil)]))
        let site = SignedReading()
        try await upstream.release("108.1")
        _ = try await site.read(upstream)
        let before = site.last
        await upstream.setFalsify { file, bytes in
            file.repository == repository ? old[RepositoryFile(.metadata, file.name)] : bytes
        }
        await upstream.setHead {
            if case .origin = repository { $0.replacing(origin: stamp) } else { $0.replacing(edge: stamp) }
        }
        await expectError(.upstreamUntrusted, naming: ["went back", "restored from a backup"]) { try await site.read(upstream) }
        #expect(site.last == before)
    }

    @Test func `metadata that expired is refused, and it is said since when`() async throws {
        let upstream = try await SignedUpstream()
        let site = SignedReading()
        _ = try await site.read(upstream)
        site.set(SignedUpstream.start.addingTimeInterval(100_000))
        await expectError(.upstreamStale, naming: ["expired at 2030-01-02T00:00:00Z", "served on"]) {
            try await site.read(upstream)
        }
        try await upstream.publish(at: SignedUpstream.start.addingTimeInterval(100_000))
        _ = try await site.read(upstream)
    }

    @Test func `a timestamp that the head did not announce means that the upstream has moved on`() async throws {
        let upstream = try await SignedUpstream()
        let head = try await upstream.makeHead()
        try await upstream.publish()
        await upstream.setHead { _ in head }
        await expectError(.upstreamMoving) { try await SignedReading().read(upstream) }
    }

    // MARK: Patches that nobody released

    @Test func `a patch that no origin released is left out and told, and the others are read`() async throws {
        let upstream = try await SignedUpstream()
        try await upstream.release("107.1")
        try await upstream.insert("666.1", signing: try SigningKey.generateEd25519())
        let outcome = try await SignedReading().read(upstream)
        #expect(outcome.tiers["edge"] == ["107.1"])
        #expect(outcome.findings.refused == ["666.1"])
        #expect(outcome.findings.failures.map(\.code) == ["upstream-untrusted"])
        #expect(outcome.findings.failures.first?.message.contains("patch 666.1") == true)
    }

    @Test func `a patch in another form than the origin's is left out`() async throws {
        let upstream = try await SignedUpstream()
        try await upstream.release("107.1")
        let site = SignedReading()
        let other = try await SignedUpstream()
        try await other.release("107.1", kernels: [120])
        // The view of one server, with the origin of another.
        let files = await other.storage(.origin("origin")).contents
        let head = try await other.makeHead()
        await upstream.setFalsify { file, bytes in
            file.repository == .origin("origin") ? files[RepositoryFile(.metadata, file.name)] : bytes
        }
        let stamp = try #require(head.metadata?.origins.first?.timestamp)
        await upstream.setHead { $0.replacing(origin: stamp) }
        let outcome = try await site.read(upstream)
        #expect(outcome.findings.refused == ["107.1"])
        #expect(outcome.findings.failures.first?.message.contains("in another form") == true)
    }

    // MARK: Revocations

    @Test func `servers between can add blocks, and lift none`() async throws {
        let upstream = try await SignedUpstream()
        try await upstream.release("107.1")
        try await upstream.release("108.1")
        let relays = Block(version: "108.1", reason: "it hangs here", blocked: SignedUpstream.start, deployment: "relay")
        try await upstream.block("107.1", also: [relays])
        let outcome = try await SignedReading().read(upstream)
        #expect(outcome.blocks.map(\.version) == ["107.1", "108.1"])
        #expect(outcome.tiers["edge"] == [])
        try await upstream.block("107.1")
        #expect(try await SignedReading().read(upstream).tiers["edge"] == ["108.1"])
    }

    @Test func `whoever leaves out an origin lifts none of its blocks`() async throws {
        let upstream = try await SignedUpstream()
        try await upstream.release("107.1")
        try await upstream.block("107.1")
        let site = SignedReading()
        _ = try await site.read(upstream, relaying: .origins)
        let stranger = try await SignedUpstream("stranger")
        try await stranger.release("107.1")
        let roots: Set = [
            try await fingerprint(upstream, .origin("origin")), try await fingerprint(stranger, .origin("stranger")),
            try await fingerprint(stranger, .view("edge")),
        ]
        for _ in 1...2 {
            let outcome = try await site.read(stranger, roots: roots, relaying: .origins)
            #expect(outcome.blocks.map(\.version) == ["107.1"])
            #expect(
                outcome.findings.notes.contains { $0.contains("origin repository of origin") && $0.contains("stays blocked") })
        }
    }

    // MARK: Without signatures

    @Test func `unsigned documents are read where nothing was ever trusted, and refused where it was`() async throws {
        let upstream = try await SignedUpstream()
        await upstream.setHead { $0.unsigned }
        let site = SignedReading()
        let reader = site.reader(upstream)
        guard case .head(let head, _) = try await reader.head(unless: nil) else { Issue.record("no head"); return }
        #expect(try await reader.revocations(head.revocations).blocks == [])
        #expect(await reader.findings() == ReadingFindings())
        await expectError(.upstreamUntrusted, naming: ["nobody signed", "patch-sync.trusted-roots is set"]) {
            try await site.read(upstream, roots: [SHA256Digest(of: [1])])
        }
        await upstream.setHead { $0 }
        _ = try await site.read(upstream)
        await upstream.setHead { $0.unsigned }
        await expectError(.upstreamUntrusted, naming: ["nobody signed", "trusted here before"]) { try await site.read(upstream) }
    }
}

extension Head {
    private func with(_ metadata: HeadMetadata?) -> Head {
        Head(route: route, tier: tier, filters: filters, revocations: revocations, tiers: tiers, metadata: metadata)
    }

    var unsigned: Head { with(nil) }

    func owned(by owner: DeploymentID) -> Head {
        with(metadata.map { HeadMetadata(origins: $0.origins, tierOwner: owner, views: $0.views) })
    }

    func replacing(origin timestamp: DocumentReference) -> Head {
        with(
            metadata.map { metadata in
                HeadMetadata(
                    origins: metadata.origins.map { .init(deployment: $0.deployment, timestamp: timestamp) },
                    tierOwner: metadata.tierOwner, views: metadata.views)
            })
    }

    func replacing(edge timestamp: DocumentReference) -> Head {
        with(
            metadata.map { metadata in
                HeadMetadata(
                    origins: metadata.origins, tierOwner: metadata.tierOwner,
                    views: metadata.views.map { $0.tier == "edge" ? .init(tier: "edge", timestamp: timestamp) : $0 })
            })
    }
}
