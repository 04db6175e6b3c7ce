import FoundationEssentials
import LivepatchKit
import Testing

@Suite("A catalogue's files")
struct CatalogFileTests {
    @Test("a new catalogue is empty, has the default tiers and revision 0", arguments: Implementation.allCases)
    func new(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let catalog = stores.catalog
            let revision = try await catalog.revision()
            #expect(revision == CatalogRevision(rawValue: 0))
            #expect(try await catalog.versions().isEmpty)
            #expect(try await catalog.tierState().state == TierState())
            #expect(try await catalog.history(limit: 10, before: nil).isEmpty)
            #expect(try await catalog.syncState() == SyncState())
            #expect(try await catalog.version(patch("107.1")) == nil)
            #expect(try await catalog.files(of: patch("107.1")).isEmpty)
            #expect(try await catalog.file(file("107.1").name) == nil)
            #expect(try await catalog.versionDocument(patch("107.1")) == nil)
        }
    }

    @Test("a deployment's id is generated once, and can be set, which downstreams see", arguments: Implementation.allCases)
    func deploymentID(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let catalog = stores.catalog
            let generated = try await catalog.deployment()
            #expect(try await catalog.deployment() == generated)
            #expect(try await catalog.revision().rawValue == 0)
            #expect(try await stores.revisionIncrease { try await catalog.setDeployment(deployment("site-7")) } == 1)
            #expect(try await stores.revisionIncrease { try await catalog.setDeployment(deployment("site-7")) } == 0)
            #expect(try await catalog.deployment() == deployment("site-7"))
        }
    }

    @Test("files are found by a list of names, those that there are, in order and once", arguments: Implementation.allCases)
    func filesNamed(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let catalog = stores.catalog
            for version in ["107.1", "9.1", "108.1"] { _ = try await catalog.add(file(version), entry: entry("import")) }
            try await catalog.setAvailable(false, [file("9.1").name])
            let names = ["108.1", "106.1", "9.1", "108.1"].map { file($0).name } + [file("107.1", flavour: "aws").name]
            let found = try await catalog.files(named: names)
            #expect(found.map(\.file) == [file("9.1"), file("108.1")])
            #expect(found.map(\.available) == [false, true])
            #expect(try await catalog.files(named: []) == [])
        }
    }

    @Test("a file comes with the revision that it belongs to", arguments: Implementation.allCases)
    func fileAndRevision(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let catalog = stores.catalog
            let name = file("107.1").name
            var found = try await catalog.fileAndRevision(name)
            #expect(found.record == nil && found.revision.rawValue == 0)
            _ = try await catalog.add(file("107.1"), entry: entry("import"))
            found = try await catalog.fileAndRevision(name)
            #expect(found.record == PatchFileRecord(file: file("107.1"), available: true))
            #expect(found.revision.rawValue == 1)
            try await catalog.setAvailable(false, [name])
            found = try await catalog.fileAndRevision(name)
            #expect(found.record?.available == false)
            #expect(try await catalog.revision() == found.revision)
        }
    }

    @Test("an added file is kept whole, and its version enters the first tier", arguments: Implementation.allCases)
    func add(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let catalog = stores.catalog
            let first = file("107.1", released: noon.addingTimeInterval(60), cves: ["CVE-2024-2", "CVE-2024-1"])
            let second = file("107.1", flavour: "aws", released: noon, cves: ["CVE-2024-3"])
            let increase = try await stores.revisionIncrease {
                let added = try await catalog.add(first, entry: entry("import"))
                #expect(added)
            }
            #expect(increase == 1)
            let added = try await catalog.add(second, entry: entry("import", at: noon.addingTimeInterval(9)))
            #expect(added)

            #expect(
                try await catalog.files(of: patch("107.1")) == [
                    PatchFileRecord(file: second, available: true), PatchFileRecord(file: first, available: true),
                ])
            #expect(try await catalog.file(first.name)?.file == first)
            #expect(
                try await catalog.version(patch("107.1"))
                    == PatchVersionRecord(
                        version: patch("107.1"), source: .imported, arrived: noon, released: noon, files: 2, available: 2,
                        bytes: first.length + second.length, cves: ["CVE-2024-1", "CVE-2024-2", "CVE-2024-3"], document: nil))
            #expect(try await catalog.tierState().state.reach == [patch("107.1"): tier("edge")])
            #expect(try await catalog.history(limit: 10, before: nil).map(\.action) == ["import", "import"])
        }
    }

    @Test("the same file again changes nothing", arguments: Implementation.allCases)
    func addAgain(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let catalog = stores.catalog
            _ = try await catalog.add(file("107.1"), entry: entry())
            let increase = try await stores.revisionIncrease {
                let added = try await catalog.add(file("107.1"), entry: entry())
                #expect(!added)
            }
            #expect(increase == 0)
            #expect(try await catalog.history(limit: 10, before: nil).count == 1)
        }
    }

    @Test("a name that is taken by other content is refused", arguments: Implementation.allCases)
    func addOtherContent(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            _ = try await stores.catalog.add(file("107.1"), entry: entry())
            let revision = try await stores.catalog.revision()
            await expectError(.patchContentDiffers) {
                _ = try await stores.catalog.add(file("107.1", content: "forged"), entry: entry())
            }
            #expect(try await stores.catalog.revision() == revision)
            #expect(try await stores.catalog.file(file("107.1").name)?.file == file("107.1"))
        }
    }

    @Test("files are in order of kernel by number, versions by number", arguments: Implementation.allCases)
    func order(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let catalog = stores.catalog
            for kernel in ["5.15.0-107.117", "5.4.0-99.112", "5.15.0-9.1", "5.4.0-99.112~20.04.1"] {
                _ = try await catalog.add(file("107.1", kernel: kernel), entry: entry())
            }
            for text in ["9.1", "107.10", "107.2"] { _ = try await catalog.add(file(text), entry: entry()) }
            #expect(
                try await catalog.files(of: patch("107.1")).map(\.file.name.kernel.description)
                    == ["5.4.0-99.112~20.04.1", "5.4.0-99.112", "5.15.0-9.1", "5.15.0-107.117"])
            #expect(try await catalog.versions().map(\.version.description) == ["9.1", "107.1", "107.2", "107.10"])
        }
    }

    @Test("content is found by digest, under all its names", arguments: Implementation.allCases)
    func holding(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let catalog = stores.catalog
            let twins = [file("107.1", content: "same"), file("108.1", content: "same")]
            for twin in twins.reversed() { _ = try await catalog.add(twin, entry: entry()) }
            _ = try await catalog.add(file("109.1"), entry: entry())
            #expect(try await catalog.files(holding: hash("same")).map(\.file) == twins)
            #expect(try await catalog.files(holding: hash("other")).isEmpty)
        }
    }

    @Test("what is not available is counted, makes the next sync look, and can come back", arguments: Implementation.allCases)
    func availability(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let catalog = stores.catalog
            let state = SyncState(basis: SyncBasis(tag: "t", filter: .all, mirrorsTiers: false))
            try await catalog.sync(["107.1": [file("107.1"), file("107.1", flavour: "aws")]], state: state)
            let name = file("107.1").name
            #expect(try await stores.revisionIncrease { try await catalog.setAvailable(true, [name]) } == 0)
            #expect(try await catalog.syncState().basis != nil)
            let unknown = file("1.1").name
            #expect(try await stores.revisionIncrease { try await catalog.setAvailable(false, [unknown, name]) } == 1)
            #expect(try await stores.revisionIncrease { try await catalog.setAvailable(false, [name]) } == 0)
            #expect(try await catalog.syncState().basis == nil)
            #expect(try await catalog.file(name)?.available == false)
            #expect(try await catalog.version(patch("107.1"))?.available == 1)
            let document = try await catalog.version(patch("107.1"))?.document
            #expect(document != nil)
            #expect(try await stores.revisionIncrease { try await catalog.setAvailable(true, [name]) } == 1)
            #expect(try await catalog.version(patch("107.1"))?.available == 2)
        }
    }

    @Test("content that is awaited can be asked for, and its coming is no news", arguments: Implementation.allCases)
    func awaited(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let catalog = stores.catalog
            let files = [file("107.1", flavour: "aws"), file("107.1")]
            let state = SyncState(basis: SyncBasis(tag: "t", filter: .all, mirrorsTiers: false, mode: .onDemand))
            try await catalog.sync(["107.1": files], state: state) { $0.awaited = Set(files.map(\.digest)) }
            #expect(try await catalog.syncState().basis?.mode == .onDemand)
            var line = try await catalog.version(patch("107.1"))
            #expect(line?.files == 2 && line?.available == 2 && line?.awaited == 2)
            #expect(try await catalog.versions() == [try #require(line)])
            #expect(try await catalog.files(of: patch("107.1")).allSatisfy { $0.available && $0.isAwaited })
            #expect(try await catalog.file(files[0].name)?.isAwaited == true)
            #expect(try await catalog.files(holding: files[0].digest).allSatisfy(\.isAwaited))

            #expect(try await stores.revisionIncrease { try await catalog.setAvailable(true, [files[0].name]) } == 0)
            #expect(try await catalog.syncState().basis != nil)
            #expect(try await catalog.fileAndRevision(files[0].name).record == PatchFileRecord(file: files[0], available: true))
            line = try await catalog.version(patch("107.1"))
            #expect(line?.available == 2 && line?.awaited == 1)

            // The same sync again does not forget what has come meanwhile.
            try await catalog.sync(["107.1": files], state: state) { $0.awaited = Set(files.map(\.digest)) }
            #expect(try await catalog.version(patch("107.1"))?.awaited == 1)

            #expect(try await stores.revisionIncrease { try await catalog.setAvailable(false, [files[1].name]) } == 1)
            line = try await catalog.version(patch("107.1"))
            #expect(line?.available == 1 && line?.awaited == nil)
            let increase = try await stores.revisionIncrease {
                try await catalog.sync(arrived: [files[1].name], state: state) { $0.awaited = [files[1].digest] }
            }
            #expect(increase == 1)
            line = try await catalog.version(patch("107.1"))
            #expect(line?.available == 2 && line?.awaited == 1)
            try await catalog.sync(arrived: [files[1].name], state: state)
            #expect(try await catalog.version(patch("107.1"))?.awaited == nil)
        }
    }

    @Test("importing a file whose content was lost makes it available again", arguments: Implementation.allCases)
    func addUnavailable(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let catalog = stores.catalog
            _ = try await catalog.add(file("107.1"), entry: entry())
            try await catalog.setAvailable(false, [file("107.1").name])
            let increase = try await stores.revisionIncrease {
                let added = try await catalog.add(file("107.1"), entry: entry())
                #expect(!added)
            }
            #expect(increase == 1)
            #expect(try await catalog.version(patch("107.1"))?.available == 1)
        }
    }

    @Test("removed files leave the sums right, and the last one takes its version along", arguments: Implementation.allCases)
    func remove(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let catalog = stores.catalog
            let kept = file("107.1", released: noon.addingTimeInterval(5), cves: ["CVE-2024-2"])
            let gone = file("107.1", flavour: "aws", cves: ["CVE-2024-1"])
            for file in [kept, gone, file("108.1")] { _ = try await catalog.add(file, entry: entry()) }
            let removal = entry("storage gc")
            #expect(
                try await stores.revisionIncrease {
                    try await catalog.removeFiles([gone.name, file("108.1").name, file("1.1").name], entry: removal)
                } == 1)
            #expect(try await stores.revisionIncrease { try await catalog.removeFiles([gone.name], entry: removal) } == 0)
            let line = try #require(try await catalog.version(patch("107.1")))
            #expect(line.files == 1 && line.available == 1 && line.bytes == kept.length)
            #expect(line.cves == ["CVE-2024-2"] && line.released == kept.released)
            #expect(try await catalog.versions().map(\.version) == [patch("107.1")])
            #expect(try await catalog.tierState().state.reach == [patch("107.1"): tier("edge")])
            #expect(try await catalog.history(limit: 10, before: nil).count { $0.action == "storage gc" } == 1)
        }
    }

    @Test("a version's document is made once, until its files change", arguments: Implementation.allCases)
    func document(_ implementation: Implementation) async throws {
        try await Stores.with(implementation) { stores in
            let catalog = stores.catalog
            _ = try await catalog.add(file("107.1"), entry: entry())
            let document = PublishedDocument(bytes: Array("the document".utf8))
            let revision = try await catalog.revision()
            try await catalog.setVersionDocument(patch("107.1"), document, expecting: revision)
            try await catalog.setVersionDocument(patch("200.1"), document, expecting: revision)
            #expect(try await catalog.revision() == revision)
            #expect(try await catalog.versionDocument(patch("107.1")) == document)
            #expect(try await catalog.version(patch("107.1"))?.document == document.reference)
            #expect(try await catalog.versionDocument(patch("200.1")) == nil)

            _ = try await catalog.add(file("107.1", flavour: "aws"), entry: entry())
            #expect(try await catalog.versionDocument(patch("107.1")) == nil)
            #expect(try await catalog.version(patch("107.1"))?.document == nil)
            try await catalog.setVersionDocument(patch("107.1"), document, expecting: revision)
            #expect(try await catalog.versionDocument(patch("107.1")) == nil)

            try await catalog.setVersionDocument(patch("107.1"), document, expecting: try await catalog.revision())
            // What was unsigned is signed, and what was signed with a lost key is signed with another.
            let signed = PublishedDocument(bytes: Array("the signed document".utf8))
            let before = try await catalog.revision()
            try await catalog.setVersionDocument(patch("107.1"), signed, expecting: before)
            #expect(try await catalog.revision() == before)
            #expect(try await catalog.versionDocument(patch("107.1")) == signed)
            #expect(try await catalog.version(patch("107.1"))?.document == signed.reference)
            #expect(try await catalog.fetchedDocument(document.digest) == nil)
            try await catalog.removeFiles([file("107.1", flavour: "aws").name], entry: entry())
            #expect(try await catalog.versionDocument(patch("107.1")) == nil)
        }
    }
}
