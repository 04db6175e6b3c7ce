import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import TUF
import Testing

/// A client of The Update Framework that follows one repository from its first root on.
struct MetadataClient: RepositoryFetcher {
    /// A file by its name.
    typealias Source = @Sendable (String) async throws -> [UInt8]?

    private let cache: MemoryMetadataCache
    private let clock: ManualClock
    private let source: Source

    /// A downstream with a token for a tier. It takes the first root for the right one.
    init(_ server: InProcessServer, _ repository: MetadataRepository, as tier: TierName, at clock: ManualClock) async throws {
        try await self.init(at: clock) { try await server.publisher.metadata(MetadataFile($0, of: repository), for: tier) }
    }

    init(at clock: ManualClock, source: @escaping Source) async throws {
        self.clock = clock
        self.source = source
        cache = MemoryMetadataCache()
        try await Updater.trust(try #require(try await source("1.root.json")), in: cache)
    }

    private init(cache: MemoryMetadataCache, clock: ManualClock, source: @escaping Source) {
        self.cache = cache
        self.clock = clock
        self.source = source
    }

    /// The same client, with what it has come to trust, before other files.
    func reading(_ source: @escaping Source) -> Self { Self(cache: cache, clock: clock, source: source) }

    func fetch(_ file: RepositoryFile, into receiver: FileReceiver) async throws -> Bool {
        guard file.area == .metadata, let bytes = try await source(file.path) else { return false }
        try receiver.receive(bytes)
        return true
    }

    /// Brings the client up to date.
    @discardableResult
    func refresh() async throws -> TrustedMetadata {
        var updater = updater
        try await updater.refresh()
        return try #require(updater.trusted)
    }

    /// Which role describes a patch file, and how; `nil` if no role does.
    func target(_ version: String, flavour: String = "generic") async throws -> Target? {
        var updater = updater
        return try await updater.target("livepatch-5.15.0-107.117-\(flavour)-\(version)-amd64.tar.bz2")
    }

    /// The body of a delegated role, as it is published now.
    func role(_ name: String) async throws -> Targets? {
        guard let version = try await refresh().snapshot?.signed.roles[name]?.version,
            let bytes = try await source(RepositoryFile.metadata(name, version: version).path)
        else { return nil }
        return try Metadata<Targets>(bytes).signed
    }

    private var updater: Updater {
        Updater(
            cache: cache, fetcher: self, startTime: MetadataTime(secondsSince1970: Int64(clock.date.timeIntervalSince1970)))
    }
}

extension TrustedMetadata {
    /// The versions of the timestamp, the snapshot and what it lists.
    var versions: [String: Int] {
        var versions = ["root": root.signed.version]
        versions["timestamp"] = timestamp?.signed.version
        versions["snapshot"] = snapshot?.signed.version
        for (role, entry) in snapshot?.signed.roles.sorted ?? [] { versions[role] = entry.version }
        return versions
    }
}

/// A server at the top of a chain, and a clock that moves when it is told to.
struct SigningServer {
    let clock: ManualClock
    let server: InProcessServer

    /// edge: 9.1, 107.1, 107.2; beta: 9.1, 107.1; candidate, stable: 9.1.
    init(signs: Bool = true) async throws {
        let clock = ManualClock()
        self.clock = clock
        server = try await InProcessServer(id: "origin", signs: signs, now: { clock.date })
        for version in ["9.1", "107.1", "107.2"] { try await release(version) }
        try await server.administer(.promote(version: "9.1", tier: "stable"))
        try await server.administer(.promote(version: "107.1", tier: "beta"))
    }

    init(_ server: InProcessServer, _ clock: ManualClock = ManualClock()) {
        self.server = server
        self.clock = clock
    }

    func release(_ version: String, flavour: String = "generic") async throws {
        try await server.release(
            "livepatch-5.15.0-107.117-\(flavour)-\(version)-amd64.tar.bz2", Array("\(version) \(flavour)".utf8))
    }

    func head(_ tier: TierName) async throws -> Head {
        try DocumentCoding.decode(Head.self, from: try await server.publisher.head(for: tier).bytes)
    }

    func client(_ repository: MetadataRepository, as tier: TierName = "edge") async throws -> MetadataClient {
        try await MetadataClient(server, repository, as: tier, at: clock)
    }

    func origin(as tier: TierName = "edge") async throws -> MetadataClient { try await client(.origin("origin"), as: tier) }

    func view(_ tier: TierName) async throws -> MetadataClient { try await client(.view(tier), as: tier) }

    /// The files of every repository that is published here.
    func files() async throws -> [MetadataRepository: [String: [UInt8]]] {
        var files: [MetadataRepository: [String: [UInt8]]] = [.origin("origin"): server.trust.files(of: .origin("origin")).files]
        for tier in try await server.trust.publishedViews() { files[.view(tier)] = server.trust.files(of: .view(tier)).files }
        return files
    }
}
