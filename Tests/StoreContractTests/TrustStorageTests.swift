import FoundationEssentials
import LivepatchFiles
import LivepatchKit
import LivepatchTesting
import TUF
import Testing

/// The places where trust can be kept, which have to keep the same promises.
enum TrustImplementation: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case directory, memory

    var testDescription: String { rawValue }

    func with(_ body: (any TrustStorage, any TrustKeyStore) async throws -> Void) async throws {
        switch self {
        case .memory: try await body(InMemoryTrustStorage(), InMemoryTrustKeyStore())
        case .directory:
            let directory = FileManager.default.temporaryDirectory.appending(path: "livepatch-\(UUID().uuidString)")
            defer { try? FileManager.default.removeItem(at: directory) }
            try await body(
                DirectoryTrustStorage(at: directory.appending(path: "trust").path),
                DirectoryTrustKeyStore(at: directory.appending(path: "keys").path))
        }
    }
}

@Suite("A place for trust")
struct TrustStorageTests {
    @Test("published files are there under their names, each repository's apart", arguments: TrustImplementation.allCases)
    func published(_ implementation: TrustImplementation) async throws {
        try await implementation.with { storage, _ in
            let origin = try await storage.published(.origin(deployment("a.b")))
            let view = try await storage.published(.view(tier("edge")))
            #expect(try await origin.names().isEmpty)
            #expect(try await origin.read("timestamp.json") == nil)
            try await origin.write([1], as: "timestamp.json")
            try await origin.write([2], as: "timestamp.json")
            try await origin.write([3], as: "1700000000.patch-107.1.json")
            #expect(try await origin.read("timestamp.json") == [2])
            #expect(try await Set(origin.names()) == ["timestamp.json", "1700000000.patch-107.1.json"])
            #expect(try await view.read("timestamp.json") == nil)
            #expect(try await storage.publishedViews().isEmpty)
            try await view.write([], as: "1.root.json")
            #expect(try await view.read("1.root.json") == [])
            #expect(try await storage.publishedViews() == [tier("edge")])
            try await origin.remove(["timestamp.json", "9.snapshot.json"])
            #expect(try await origin.names() == ["1700000000.patch-107.1.json"])
            #expect(try await storage.published(.origin(deployment("a.b"))).names() == ["1700000000.patch-107.1.json"])
        }
    }

    @Test("a name that leads elsewhere names nothing", arguments: TrustImplementation.allCases)
    func strayNames(_ implementation: TrustImplementation) async throws {
        try await implementation.with { storage, _ in
            try await storage.published(.view(tier("stable"))).write([1], as: "1.root.json")
            let view = try await storage.published(.view(tier("edge")))
            for name in ["../stable/1.root.json", "", ".", "..", "/etc/passwd", "1.root.json/", "a\0.json", "ä.json"] {
                #expect(try await view.read(name) == nil, "\(name)")
            }
        }
    }

    @Test("what is trusted is kept role by role, and forgotten at once", arguments: TrustImplementation.allCases)
    func trusted(_ implementation: TrustImplementation) async throws {
        try await implementation.with { storage, _ in
            let repositories: [TrustedRepository] = [
                .origin(deployment("origin")), .view(tier("edge"), owner: deployment("origin")),
                .view(tier("edge"), owner: deployment("relay")),
            ]
            for (number, repository) in repositories.enumerated() {
                let cache = try await storage.trusted(repository)
                #expect(try await cache.read("root", limit: 100) == nil)
                try await cache.write([UInt8(number)], for: "root")
                try await cache.write([1, 2, 3], for: "a/../b")
            }
            #expect(try await Set(storage.trustedRepositories()) == Set(repositories))
            for (number, repository) in repositories.enumerated() {
                #expect(try await storage.trusted(repository).read("root", limit: 100) == [UInt8(number)])
                #expect(try await storage.trusted(repository).read("a/../b", limit: 3) == [1, 2, 3])
                #expect(try await storage.trusted(repository).read("a/../b", limit: 2) == nil)
            }
            for repository in repositories.dropFirst() { try await storage.forget(repository) }
            try await storage.forget(.origin(deployment("unknown")))
            #expect(try await storage.trustedRepositories() == [repositories[0]])
            #expect(try await storage.trusted(repositories[1]).read("a/../b", limit: 100) == nil)
            try await storage.trusted(repositories[1]).write([9], for: "root")
            #expect(try await storage.trusted(repositories[1]).read("root", limit: 100) == [9])
        }
    }

    @Test("a key is made when it is first needed, and stays the same", arguments: TrustImplementation.allCases)
    func keys(_ implementation: TrustImplementation) async throws {
        try await implementation.with { _, keys in
            #expect(try await keys.key(.originRoot) == nil)
            let key = try await keys.keyOrNew(.originRoot)
            #expect(try await keys.keyOrNew(.originRoot).keyID == key.keyID)
            #expect(try await keys.key(.originRoot)?.secretBytes == key.secretBytes)
            #expect(try await keys.keyOrNew(.tiersRoot).keyID != key.keyID)
            #expect(try await keys.key(.originOnline) == nil)
            let ids = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<20 { group.addTask { try await keys.keyOrNew(.originOnline).keyID } }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect(ids.count == 1)
        }
    }

    @Test("a server's whole trust can be kept there", arguments: TrustImplementation.allCases)
    func whole(_ implementation: TrustImplementation) async throws {
        try await implementation.with { storage, keys in
            let catalog = InMemoryCatalog(InMemoryDatabase())
            try await catalog.setDeployment(deployment("origin"))
            _ = try await catalog.add(file("107.1"), entry: entry())
            func publisher() -> PlainDocumentPublisher {
                let tiers = TierStateCache(catalog: catalog)
                return PlainDocumentPublisher(
                    catalog: catalog, tiers: tiers,
                    metadata: MetadataPublisher(
                        catalog: catalog, tiers: tiers, storage: storage, keys: keys, place: { .top }, now: { noon }))
            }
            let head = try await publisher().head(for: tier("edge"))
            // Whoever comes after finds it all, and has nothing to sign.
            #expect(try await publisher().head(for: tier("edge")) == head)
            let file = MetadataFile(MetadataFile.timestamp, of: .view(tier("edge")))
            #expect(try await publisher().metadata(file, for: tier("edge")) != nil)
        }
    }
}
