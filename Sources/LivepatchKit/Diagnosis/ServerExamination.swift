public import FoundationEssentials

/// Finds out how a server is, from inside: within seconds, and without a change to anything.
public struct ServerExamination: Sendable {
    /// The most contents that are hashed, and the most bytes of them.
    static let sampleFiles = 16
    static let sampleBytes: Int64 = 64 << 20

    private let deployment: DeploymentID
    private let started: Date
    private let catalog: any Catalog
    private let storage: any PatchStorage
    private let volumes: @Sendable () async throws -> [ServerCondition.Volume]
    private let database: @Sendable () async throws -> ServerCondition.Database
    private let upstreams: [any UpstreamServer]
    private let now: @Sendable () -> Date

    /// - Parameters:
    ///   - volumes: tells the room that is left.
    ///   - database: looks through the database, and gives up after some seconds.
    ///   - upstreams: in the order in which they are tried.
    public init(
        deployment: DeploymentID, started: Date, catalog: any Catalog, storage: any PatchStorage,
        volumes: @escaping @Sendable () async throws -> [ServerCondition.Volume],
        database: @escaping @Sendable () async throws -> ServerCondition.Database, upstreams: [any UpstreamServer],
        now: @escaping @Sendable () -> Date
    ) {
        self.deployment = deployment
        self.started = started
        self.catalog = catalog
        self.storage = storage
        self.volumes = volumes
        self.database = database
        self.upstreams = upstreams
        self.now = now
    }

    /// - Throws: what the database and the disk throw; an upstream that does not answer is a finding.
    public func condition() async throws -> ServerCondition {
        var generator = SystemRandomNumberGenerator()
        return ServerCondition(
            time: now(), started: started, volumes: try await volumes(), database: try await database(),
            storage: try await look(using: &generator), upstreams: await ask())
    }

    private func look(using generator: inout some RandomNumberGenerator) async throws -> ServerCondition.Storage {
        var records: [PatchFileRecord] = []
        for version in try await catalog.versions() { records += try await catalog.files(of: version.version) }
        var sampled = 0
        var bytes: Int64 = 0
        var damaged: [PatchFileName] = []
        let held = records.filter { $0.available && !$0.isAwaited }
        for record in held.shuffled(using: &generator).prefix(Self.sampleFiles) {
            guard bytes + record.file.length <= Self.sampleBytes || sampled == 0 else { continue }
            sampled += 1
            bytes += record.file.length
            if try await !storage.verifies(record.file) { damaged.append(record.file.name) }
        }
        let awaited = records.count { $0.isAwaited }
        return ServerCondition.Storage(
            files: records.count, unavailable: records.count { !$0.available }, awaited: awaited == 0 ? nil : awaited,
            sampled: sampled, damaged: damaged.sorted())
    }

    private func ask() async -> [ServerCondition.Upstream] {
        await withTaskGroup(of: (Int, ServerCondition.Upstream).self) { group in
            for (index, upstream) in upstreams.enumerated() {
                group.addTask { (index, await ask(upstream)) }
            }
            return await group.reduce(into: [(Int, ServerCondition.Upstream)]()) { $0.append($1) }.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    private func ask(_ upstream: any UpstreamServer) async -> ServerCondition.Upstream {
        let address = await upstream.address()
        do {
            guard let document = try await upstream.head(unless: nil) else { return ServerCondition.Upstream(address: address) }
            let head = try DocumentCoding.decode(Head.self, from: document.bytes)
            _ = try head.route.extended(by: deployment)
            return ServerCondition.Upstream(address: address)
        } catch let error as LivepatchError {
            return ServerCondition.Upstream(address: address, problem: error.message, advice: error.suggestion)
        } catch {
            return ServerCondition.Upstream(
                address: address, problem: "What \(address) answers is not what a Livepatch server says.",
                advice: "Check patch-sync.upstream-url, and what stands between.")
        }
    }
}
