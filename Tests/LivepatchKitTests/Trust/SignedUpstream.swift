import FoundationEssentials
@testable import LivepatchKit
import LivepatchTesting
import Testing

@testable import TUF

/// An upstream made of the library's repositories, with the keys of all of them, and everything that somebody in its place could do.
actor SignedUpstream: UpstreamServer {
    /// When all of this begins.
    static let start = Date(timeIntervalSince1970: 1_893_456_000)

    let deployment: DeploymentID
    private(set) var key: SigningKey
    private(set) var tiersKey: SigningKey
    private var origin = Repository(lifetimes: Lifetimes(root: 365, targets: 90, snapshot: 7, timestamp: 1))
    private var views: [TierName: Repository] = [:]
    private var files: [MetadataRepository: MemoryRepositoryStorage] = [:]
    private var held: [TierName: [PatchVersion]] = ["edge": [], "beta": []]
    private(set) var blocks: [Block] = []
    private var unsigned: [Block] = []
    private(set) var asked: [String] = []

    static let tiers: [TierName] = ["edge", "beta"]

    /// What becomes of the head.
    var changeHead: @Sendable (Head) -> Head = { $0 }
    /// What becomes of a metadata file.
    var falsify: @Sendable (MetadataFile, [UInt8]?) -> [UInt8]? = { $1 }

    init(_ deployment: DeploymentID = "origin") async throws {
        self.deployment = deployment
        key = try SigningKey.generateEd25519()
        tiersKey = try SigningKey.generateEd25519()
        for role in RoleName.topLevel { try origin.setKeys([key.key], of: role) }
        try origin.delegate(to: MetadataRoles.revocations, keys: [key.key], scope: .paths([]))
        files[.origin(deployment)] = MemoryRepositoryStorage()
        for (index, tier) in Self.tiers.enumerated() {
            var view = Repository(lifetimes: Lifetimes(root: 365, targets: 90, snapshot: 7, timestamp: 1))
            for role in RoleName.topLevel { try view.setKeys([tiersKey.key], of: role) }
            for tier in Self.tiers[index...] {
                try view.delegate(to: MetadataRoles.tier(tier), keys: [tiersKey.key], scope: .paths(["*"]))
            }
            views[tier] = view
            files[.view(tier)] = MemoryRepositoryStorage()
        }
        // All views have the same roots.
        try await publish(at: Self.start)
        let root = try #require(storage(.view("edge")).contents[.metadata("root", version: 1)])
        for tier in Self.tiers {
            views[tier]?.root = try Metadata<Root>(root)
            for version in [1, nil] { try await storage(.view(tier)).write(root, as: .metadata("root", version: version)) }
        }
    }

    func setHead(_ change: @escaping @Sendable (Head) -> Head) { changeHead = change }
    func setFalsify(_ falsify: @escaping @Sendable (MetadataFile, [UInt8]?) -> [UInt8]?) { self.falsify = falsify }

    func storage(_ repository: MetadataRepository) -> MemoryRepositoryStorage { files[repository] ?? MemoryRepositoryStorage() }

    /// A file as it is published.
    func published(_ name: String, of repository: MetadataRepository) -> [UInt8]? {
        storage(repository).contents[RepositoryFile(.metadata, name)]
    }

    // MARK: What its administrators do

    static func file(_ version: PatchVersion, kernel: Int = 107) throws -> PatchFile {
        let name = try PatchFileName(parsing: "livepatch-5.15.0-\(kernel).117-generic-\(version)-amd64.tar.bz2")
        return PatchFile(name: name, length: 5, digest: SHA256Digest(of: Array("\(name)".utf8)), released: start)
    }

    /// Signs a patch version as the origin, and offers it in the first tiers.
    func release(_ version: PatchVersion, in tiers: [TierName] = ["edge"], kernels: [Int] = [107]) async throws {
        let document = VersionDocument(version: version, files: try kernels.map { try Self.file(version, kernel: $0) })
        let role = MetadataRoles.patch(version)
        try origin.delegate(to: role, keys: [key.key], scope: .paths([MetadataRoles.paths(of: version)]))
        try origin.edit(role) { $0.targets = document.targets }
        for tier in tiers { held[tier, default: []].append(version) }
        try await publish()
    }

    /// Offers a patch in the first tier that nobody released.
    func insert(_ version: PatchVersion, signing key: SigningKey) async throws {
        var body = Targets(version: 7, expires: MetadataTime(secondsSince1970: 4_000_000_000))
        body.targets = VersionDocument(version: version, files: [try Self.file(version)]).targets
        var metadata = Metadata(body)
        try await metadata.sign(with: key)
        try offer(version, metadata, key.key, in: "edge")
        try await publish()
    }

    func block(_ version: PatchVersion?, also unsigned: [Block] = []) async throws {
        blocks = version.map { [Block(version: $0, reason: "it oopses", blocked: Self.start, deployment: deployment)] } ?? []
        self.unsigned = unsigned
        try await publish()
    }

    func setUnsigned(_ blocks: [Block]) { unsigned = blocks }

    /// Gives the origin's roles new keys.
    func rotate() async throws {
        let old = key
        key = try SigningKey.generateEd25519()
        for role in RoleName.topLevel { try origin.setKeys([key.key], of: role) }
        for role in origin.roles.names where role != RoleName.targets {
            let scope = origin.roles[RoleName.targets]?.signed.delegatedRoles.first { $0.name == role }?.scope ?? .nothing
            try origin.delegate(to: role, keys: [key.key], scope: scope)
        }
        try await publish(also: [old])
    }

    private var time = SignedUpstream.start

    /// Signs everything that has changed, and all timestamps.
    func publish(at time: Date? = nil, also signers: [SigningKey] = []) async throws {
        if let time { self.time = time }
        let now = MetadataTime(secondsSince1970: Int64(self.time.timeIntervalSince1970))
        let listed = RevocationsDocument(blocks: blocks).targets(at: now)
        if origin.roles[MetadataRoles.revocations]?.signed.unrecognized != listed.unrecognized {
            try origin.edit(MetadataRoles.revocations) { $0.unrecognized = listed.unrecognized }
        }
        var next = origin
        try await next.publish(to: storage(.origin(deployment)), signing: [key] + signers, at: now)
        origin = next
        for tier in Self.tiers {
            for version in held[tier] ?? [] {
                guard let document = origin.roles[MetadataRoles.patch(version)] else { continue }
                try offer(version, document, key.key, in: tier)
            }
        }
        for tier in Self.tiers {
            guard var view = views[tier] else { continue }
            view.timestamp.signed.unrecognized["view"] = .string("\(tier)")
            view.snapshot.signed.unrecognized["view"] = .string("\(tier)")
            if view.roles[RoleName.targets]?.signed.unrecognized["view"] == nil {
                try view.edit(RoleName.targets) { $0.unrecognized["view"] = .string("\(tier)") }
            }
            views[tier] = view
        }
        // The last view first: it signs the tier that the others show too.
        for (index, tier) in Self.tiers.enumerated().reversed() {
            guard var view = views[tier] else { continue }
            for later in Self.tiers[index...].dropFirst() { try adopt(MetadataRoles.tier(later), from: views[later], in: &view) }
            try await view.publish(to: storage(.view(tier)), signing: [tiersKey], at: now)
            views[tier] = view
        }
    }

    private func offer(_ version: PatchVersion, _ document: Metadata<Targets>, _ key: Key, in tier: TierName) throws {
        guard var view = views[tier] else { return }
        let role = MetadataRoles.patch(version)
        if view.roles[role]?.document != document.document {
            try view.delegate(
                to: role, keys: [key], scope: .paths([MetadataRoles.paths(of: version)]), from: MetadataRoles.tier(tier))
            try view.adopt(document, as: role)
        }
        views[tier] = view
    }

    private func adopt(_ role: String, from later: Repository?, in view: inout Repository) throws {
        guard let later, let document = later.roles[role], document.signed.version > view.roles[role]?.signed.version ?? 0 else {
            return
        }
        try view.adopt(document, as: role)
        for (name, patch) in later.roles.sorted
        where MetadataRoles.version(of: name) != nil && view.roles[name]?.document != patch.document {
            try view.adopt(patch, as: name)
        }
    }

    // MARK: What it shows

    func address() async -> String { "the upstream" }

    private func timestamp(_ repository: MetadataRepository) throws -> DocumentReference {
        DocumentReference(of: try #require(published("timestamp.json", of: repository)))
    }

    func makeHead() throws -> Head {
        let metadata = HeadMetadata(
            origins: [.init(deployment: deployment, timestamp: try timestamp(.origin(deployment)))], tierOwner: deployment,
            views: try Self.tiers.map { .init(tier: $0, timestamp: try timestamp(.view($0))) })
        return changeHead(
            Head(
                route: Route(origin: deployment), tier: "edge", filters: FilterChain(),
                revocations: DocumentReference(of: try revocations()), tiers: DocumentReference(of: try tierList()),
                metadata: metadata))
    }

    private func revocations() throws -> [UInt8] { try DocumentCoding.encode(RevocationsDocument(blocks: unsigned)) }
    private func tierList() throws -> [UInt8] { try DocumentCoding.encode(TierListDocument(tiers: [])) }

    func head(unless tag: String?) async throws -> UpstreamDocument? {
        asked.append("head")
        let bytes = try DocumentCoding.encode(try makeHead())
        let own = SHA256Digest(of: bytes).description
        return own == tag ? nil : UpstreamDocument(bytes: bytes, tag: own)
    }

    func document(_ name: DocumentName, limit: Int64) async throws -> UpstreamDocument {
        asked.append("\(name)")
        switch name {
        case .revocations: return UpstreamDocument(bytes: try revocations(), tag: nil)
        case .tiers: return UpstreamDocument(bytes: try tierList(), tag: nil)
        default: throw LivepatchError(.upstreamLacks, "There is no document '\(name)'.")
        }
    }

    func metadata(_ file: MetadataFile, limit: Int64) async throws -> [UInt8]? {
        asked.append(file.name)
        // As an origin, it shows patches' documents; of a view they are the same bytes.
        return falsify(file, published(file.name, of: file.repository)).map { Array($0.prefix(Int(limit) + 1)) }
    }

    func takeAsked() -> [String] {
        defer { asked = [] }
        return asked
    }

    func content(of file: PatchFile, from offset: Int64) async throws -> ContentStream {
        throw LivepatchError(.upstreamLacks, "There is no content here.")
    }
}
