import FoundationEssentials
import LivepatchKit
import Testing

@Suite("A catalogue's switch to a new view")
struct CatalogSyncTests {
    @Test("a version arrives with its files and its document, byte for byte", arguments: Implementation.allCases)
    func arrives(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let catalog = stores.catalog
            let files = [file("107.1", flavour: "aws", released: noon.addingTimeInterval(-60)), file("107.1")]
            let missing = files[1].name
            #expect(try await stores.revisionIncrease { try await catalog.sync(["107.1": files], unavailable: [missing]) } == 1)

            let bytes = try DocumentCoding.encode(VersionDocument(version: patch("107.1"), files: files))
            #expect(try await catalog.versionDocument(patch("107.1")) == PublishedDocument(bytes: bytes))
            #expect(
                try await catalog.files(of: patch("107.1")) == [
                    PatchFileRecord(file: files[0], available: true), PatchFileRecord(file: files[1], available: false),
                ])
            #expect(
                try await catalog.version(patch("107.1"))
                    == PatchVersionRecord(
                        version: patch("107.1"), source: .synced, arrived: noon, released: noon.addingTimeInterval(-60),
                        files: 2, available: 1, bytes: files[0].length + files[1].length, cves: ["CVE-2024-1086"],
                        document: DocumentReference(of: bytes)))
            #expect(try await catalog.tierState().state.reach == [patch("107.1"): tier("edge")])
            let record = try #require(try await catalog.history(limit: 1, before: nil).first)
            #expect(record.actor == ChangeRecord.upstreamActor)
            #expect(record.change?.reach.map(\.after) == [tier("edge")])
        }
    }

    @Test("the same view again changes and records nothing", arguments: Implementation.allCases)
    func again(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let catalog = stores.catalog
            let documents = ["107.1": [file("107.1")]]
            try await catalog.sync(documents)
            let basis = SyncBasis(tag: "head", filter: .all, mirrorsTiers: false)
            #expect(
                try await stores.revisionIncrease { try await catalog.sync(documents, state: SyncState(basis: basis)) } == 0)
            #expect(try await catalog.syncState().basis == basis)
            #expect(try await catalog.history(limit: 10, before: nil).count == 1)
        }
    }

    @Test("what increases the revision is told to all who listen, and nothing else is", arguments: Implementation.allCases)
    func news(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let catalog = stores.catalog
            let documents = ["107.1": [file("107.1")]]
            #expect(try await isTold(catalog) { try await catalog.sync(documents) })
            #expect(
                try await isTold(catalog) {
                    try await catalog.sync(["107.1": documents["107.1"] ?? [], "108.1": [file("108.1")]])
                })
            // None of these is seen by anybody below.
            #expect(try await !isTold(catalog) { _ = try await catalog.syncState() })
            #expect(
                try await !isTold(catalog) {
                    try await catalog.record(ChangeEntry(time: noon, actor: "test", action: "nothing"))
                    _ = try await stores.reports.add(SyncReport(started: noon, ended: noon, result: .unchanged))
                })
            let tiers = [catalog.changes(), catalog.changes()]
            try await catalog.sync(["109.1": [file("109.1")]])
            for changes in tiers { #expect(await changes.first { true } != nil, "all who listen are told") }
        }
    }

    /// Whether a change is told to somebody who listened before.
    private func isTold(_ catalog: any CatalogNews, _ change: () async throws -> Void) async throws -> Bool {
        let changes = catalog.changes()
        try await change()
        let hearing = Task { await changes.first { true } != nil }
        // Who is cancelled still hears of what was told before.
        hearing.cancel()
        return await hearing.value
    }

    @Test("a changed document adds, replaces and removes files", arguments: Implementation.allCases)
    func changes(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let catalog = stores.catalog
            try await catalog.sync([
                "107.1": [file("107.1"), file("107.1", flavour: "aws"), file("107.1", flavour: "azure")]
            ])
            let after = [
                file("107.1", cves: ["CVE-2024-9"]), file("107.1", flavour: "aws", content: "rebuilt"),
                file("107.1", flavour: "gcp"),
            ]
            #expect(try await stores.revisionIncrease { try await catalog.sync(["107.1": after]) } == 1)
            let files = try await catalog.files(of: patch("107.1"))
            #expect(Set(files.map(\.file)) == Set(after))
            #expect(files.allSatisfy { $0.available })
            let line = try #require(try await catalog.version(patch("107.1")))
            #expect(line.files == 3 && line.available == 3)
            #expect(line.cves == ["CVE-2024-1086", "CVE-2024-9"])
            #expect(try await catalog.files(holding: file("107.1", flavour: "azure").digest).isEmpty)
            // Nothing of tiers changed, so there is nothing to undo.
            #expect(try await catalog.history(limit: 1, before: nil).first?.change == nil)
        }
    }

    @Test("only what all filters admit enters", arguments: Implementation.allCases)
    func filters(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let catalog = stores.catalog
            var state = SyncState()
            state.filter.architectures = [.amd64]
            state.upstreamFilters = FilterChain([SyncFilter(flavours: [try Flavour(parsing: "generic")])])
            let files = [file("107.1"), file("107.1", flavour: "aws"), file("107.1", architecture: "arm64")]
            try await catalog.sync(["107.1": files, "108.1": [file("108.1", architecture: "s390x")]], state: state)
            #expect(try await catalog.files(of: patch("107.1")).map(\.file) == [file("107.1")])
            // A version none of whose files pass is still relayed to those below.
            let empty = try #require(try await catalog.version(patch("108.1")))
            #expect(empty.files == 0 && empty.released == noon && empty.document != nil)
            #expect(try await catalog.tierState().state.reach[patch("108.1")] == tier("edge"))
        }
    }

    @Test(
        "a filter that is narrowed removes nothing, one that is widened adds from the same document",
        arguments: Implementation.allCases)
    func filterMoves(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let catalog = stores.catalog
            var narrow = SyncState()
            narrow.filter.architectures = [.amd64]
            let documents = ["107.1": [file("107.1"), file("107.1", architecture: "arm64")]]
            try await catalog.sync(documents, state: narrow)
            #expect(try await catalog.files(of: patch("107.1")).count == 1)

            // The document is held already: a widened filter needs no new one.
            let reference = try #require(try await catalog.version(patch("107.1"))?.document)
            #expect(try await catalog.fetchedDocument(reference.digest) != nil)
            try await catalog.sync { $0.changed = [(patch("107.1"), reference)] }
            #expect(try await catalog.files(of: patch("107.1")).count == 2)

            try await catalog.sync(documents, state: narrow)
            #expect(try await catalog.files(of: patch("107.1")).count == 2)
            // What stays must still be what the document lists.
            try await catalog.sync(
                ["107.1": [file("107.1"), file("107.1", architecture: "arm64", content: "rebuilt")]], state: narrow)
            #expect(try await catalog.files(of: patch("107.1")).map(\.file) == [file("107.1")])
        }
    }

    @Test("removed versions go with everything that belonged to them", arguments: Implementation.allCases)
    func removes(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let catalog = stores.catalog
            try await catalog.sync(["107.1": [file("107.1")], "108.1": [file("108.1")]])
            #expect(try await stores.revisionIncrease { try await catalog.sync(removed: ["107.1"]) } == 1)
            #expect(try await catalog.versions().map(\.version) == [patch("108.1")])
            #expect(try await catalog.file(file("107.1").name) == nil)
            #expect(try await catalog.files(holding: file("107.1").digest).isEmpty)
            #expect(try await catalog.versionDocument(patch("107.1")) == nil)
            #expect(try await catalog.tierState().state.reach == [patch("108.1"): tier("edge")])
            #expect(try await stores.revisionIncrease { try await catalog.sync(removed: ["107.1"]) } == 0)
        }
    }

    @Test("content that arrives for other versions, or is lost, is said", arguments: Implementation.allCases)
    func arrivals(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let catalog = stores.catalog
            let aws = file("107.1", flavour: "aws").name
            let generic = file("107.1").name
            try await catalog.sync(["107.1": [file("107.1"), file("107.1", flavour: "aws")]], unavailable: [aws])
            #expect(try await stores.revisionIncrease { try await catalog.sync(arrived: [aws]) } == 1)
            #expect(try await catalog.version(patch("107.1"))?.available == 2)
            #expect(try await stores.revisionIncrease { try await catalog.sync(arrived: [aws, file("1.1").name]) } == 0)
            #expect(try await stores.revisionIncrease { try await catalog.sync(unavailable: [generic]) } == 1)
            #expect(try await catalog.version(patch("107.1"))?.available == 1)
            #expect(try await catalog.file(generic)?.available == false)
        }
    }

    @Test(
        "mirrored tiers replace the own ones, which a snapshot keeps, and tokens move along", arguments: Implementation.allCases)
    func mirrors(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let catalog = stores.catalog
            try await catalog.sync(["107.1": [file("107.1")], "106.1": [file("106.1")], "105.1": [file("105.1")]])
            try await catalog.change {
                $0.blocks = [block("107.1", by: "site")]
                $0.reach[patch("106.1")] = nil
                $0.reach[patch("105.1")] = nil
            }
            try await stores.tokens.add(token("below", tier: "beta"), entry: entry())
            try await stores.tokens.add(token("elsewhere", tier: "stable"), entry: entry())
            let before = try await catalog.tierState().state
            // What comes and goes with the switch is not in doubt: the snapshot tells of the time before it.
            try await catalog.sync(["108.1": [file("108.1")]], removed: ["105.1"]) { commit in
                commit.tiers = [tier("gold"), tier("stable")]
                // What is said about a version that is not here is left out.
                commit.reach = [patch("107.1"): tier("stable"), patch("999.1"): tier("gold")]
                commit.tokens = [
                    .init(token: "below", before: tier("beta"), after: tier("gold")),
                    .init(token: "elsewhere", before: tier("beta"), after: tier("gold")),
                ]
                commit.snapshotReason = "sync-tiers was switched on"
            }
            let after = try await catalog.tierState().state
            #expect(after.tiers == [tier("gold"), tier("stable")])
            #expect(after.reach == [patch("107.1"): tier("stable")])
            #expect(after.blocks == before.blocks)
            #expect(try await stores.tokens.syncTokens().map(\.tier) == [tier("gold"), tier("stable")])
            let snapshot = try #require(try await catalog.tierSnapshots().first)
            #expect(snapshot.tiers == before.tiers && snapshot.reach == before.reach)
            #expect(snapshot.unplaced == [patch("105.1"), patch("106.1")])
            #expect(snapshot.reason == "sync-tiers was switched on" && snapshot.taken == noon)

            let record = try #require(try await catalog.history(limit: 1, before: nil).first)
            let inverse = try #require(record.change?.inverse)
            #expect(inverse.tokens.count == 1)
            _ = try await catalog.apply(inverse, entry: entry(), expecting: try await catalog.revision())
            #expect(try await catalog.tierState().state == before)
        }
    }

    @Test("a commit made from another revision is refused, and leaves everything as it was", arguments: Implementation.allCases)
    func stale(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let catalog = stores.catalog
            let changed = try await catalog.fetch(["107.1": [file("107.1")]])
            let revision = try await catalog.revision()
            _ = try await catalog.add(file("200.1"), entry: entry())
            await expectError(.catalogueChanged) {
                try await catalog.sync {
                    $0.changed = changed
                    $0.expected = revision
                }
            }
            #expect(try await catalog.version(patch("107.1")) == nil)
            // The next attempt finds the document that the failed one kept.
            #expect(try await catalog.fetchedDocument(changed[0].document.digest) != nil)
        }
    }

    @Test("a commit that fails half way changes nothing", arguments: Implementation.allCases)
    func failsHalfWay(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let catalog = stores.catalog
            try await catalog.sync(["106.1": [file("106.1")]])
            let before = try await catalog.tierState()
            let missing = DocumentReference(of: Array("never fetched".utf8))
            await expectError(.internalFault) {
                try await catalog.sync(["107.1": [file("107.1")]], removed: ["106.1"]) {
                    $0.changed.append((patch("108.1"), missing))
                    $0.snapshotReason = "none"
                }
            }
            await expectError(.upstreamMalformed) {
                try await catalog.sync(["107.1": [file("107.1"), file("108.1")]])
            }
            await expectError(.upstreamMalformed) {
                try await catalog.sync(["107.1": [file("107.1"), file("107.1", content: "other")]])
            }
            await expectError(.tierUnknown) {
                try await catalog.sync(["107.1": [file("107.1")]]) { $0.reach[patch("107.1")] = tier("nowhere") }
            }
            let after = try await catalog.tierState()
            #expect(after.state == before.state && after.revision == before.revision)
            #expect(try await catalog.versions().map(\.version) == [patch("106.1")])
            #expect(try await catalog.tierSnapshots().isEmpty)
        }
    }

    @Test("fetched documents wait for the commit, and only those of the view outlive it", arguments: Implementation.allCases)
    func fetched(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let catalog = stores.catalog
            for text in ["tier list", "old tier list"] { try await catalog.keepFetchedDocument(Array(text.utf8), hash(text)) }
            try await catalog.keepFetchedDocument(Array("tier list".utf8), hash("tier list"))
            #expect(try await catalog.fetchedDocument(hash("old tier list")) == Array("old tier list".utf8))
            try await catalog.sync { $0.documents = [hash("tier list")] }
            #expect(try await catalog.fetchedDocument(hash("tier list")) == Array("tier list".utf8))
            #expect(try await catalog.fetchedDocument(hash("old tier list")) == nil)
            #expect(try await catalog.revision().rawValue == 0)
        }
    }

    @Test("route and filters are what downstreams see, the rest of the state is not", arguments: Implementation.allCases)
    func state(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let catalog = stores.catalog
            var state = SyncState(
                upstreamFilters: FilterChain([SyncFilter(architectures: [.arm64])]), mirrorsTiers: true,
                revocations: hash("revocations"), basis: SyncBasis(tag: "t", filter: .all, mirrorsTiers: true))
            state.route = try Route([deployment("origin"), deployment("regional")])
            #expect(try await stores.revisionIncrease { try await catalog.sync(state: state) } == 1)
            #expect(try await catalog.syncState() == state)
            state.basis = nil
            state.revocations = hash("others")
            #expect(try await stores.revisionIncrease { try await catalog.sync(state: state) } == 0)
            #expect(try await catalog.syncState() == state)
            state.filter.minimumKernel = try KernelSeries(parsing: "5.4")
            #expect(try await stores.revisionIncrease { try await catalog.sync(state: state) } == 1)
        }
    }

    @Test("renewed metadata of the upstream is news to downstreams, and not to the history", arguments: Implementation.allCases)
    func relayed(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let catalog = stores.catalog
            var state = SyncState()
            state.relayed = [RelayedRepository(.origin(deployment("origin")), files: ["timestamp.json": reference("1")])]
            try await catalog.keepFetchedDocument(Array("1".utf8), hash("1"))
            #expect(
                try await stores.revisionIncrease {
                    try await catalog.sync(state: state) { $0.documents = [hash("1")] }
                } == 1)
            #expect(try await catalog.syncState() == state)
            #expect(try await catalog.fetchedDocument(hash("1")) == Array("1".utf8))
            #expect(try await stores.revisionIncrease { try await catalog.sync(state: state) } == 0)
            state.relayed.append(
                RelayedRepository(.view(tier("edge"), owner: deployment("origin")), files: ["timestamp.json": reference("2")]))
            #expect(try await stores.revisionIncrease { try await catalog.sync(state: state) } == 1)
            #expect(try await catalog.syncState() == state)
            #expect(try await catalog.history(limit: 10, before: nil).isEmpty)
        }
    }

    @Test("files that the upstream listed and somebody removed make the next sync look", arguments: Implementation.allCases)
    func removedLocally(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let catalog = stores.catalog
            let state = SyncState(basis: SyncBasis(tag: "t", filter: .all, mirrorsTiers: false))
            try await catalog.sync(["107.1": [file("107.1"), file("107.1", flavour: "aws")]], state: state)
            let document = try await catalog.versionDocument(patch("107.1"))
            try await catalog.removeFiles([file("107.1").name], entry: entry())
            #expect(try await catalog.syncState().basis == nil)
            #expect(try await catalog.versionDocument(patch("107.1")) == document)
            #expect(try await catalog.version(patch("107.1"))?.document == document?.reference)
        }
    }
}
