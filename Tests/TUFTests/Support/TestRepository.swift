import TUF

/// A repository with one key for each role, a client of it, and everything that an attacker in its place could do.
final class TestRepository {
    /// When all of this happens.
    static let now = MetadataTime(secondsSince1970: 1_893_456_000)

    let storage = MemoryRepositoryStorage()
    let fetcher: RecordingFetcher
    let cache: MemoryMetadataCache
    var repository: Repository
    private(set) var keys: [String: SigningKey] = [:]

    /// - Parameter prepare: what is in the repository's first version.
    init(
        consistentSnapshot: Bool = true, listsHashes: Bool = false, _ prepare: (TestRepository) throws -> Void = { _ in }
    ) async throws {
        fetcher = RecordingFetcher(storage)
        cache = MemoryMetadataCache()
        repository = Repository(
            lifetimes: Lifetimes(root: 365, targets: 90, snapshot: 30, timestamp: 7), consistentSnapshot: consistentSnapshot)
        repository.listsHashes = listsHashes
        for role in RoleName.topLevel {
            let key = try SigningKey.generateEd25519()
            keys[role] = key
            try repository.setKeys([key.key], of: role)
        }
        try prepare(self)
        try await publish()
        try await Updater.trust(repository.root.document, in: cache)
    }

    var signers: [any MetadataSigner] { Array(keys.values) }

    func key(_ role: String) throws -> SigningKey {
        guard let key = keys[role] else { throw TUFError(.notPossible, "no key of \(role)") }
        return key
    }

    func publish(days: Int = 0, extra: [any MetadataSigner] = []) async throws {
        try await repository.publish(to: storage, signing: signers + extra, at: Self.now.adding(days: days))
    }

    /// Publishes a target with its content.
    func add(_ path: String, _ content: String, to role: String = RoleName.targets) async throws {
        try repository.addTarget(path, TargetDescription(of: Array(content.utf8)), to: role)
        try await publish()
        try await repository.store(Array(content.utf8), as: path, of: role, in: storage)
    }

    /// Delegates to a role with a key of its own, which the test repository keeps.
    func delegate(
        to role: String, from delegator: String = RoleName.targets, paths: [String] = ["*"], terminating: Bool = false,
        prefixes: [String]? = nil
    ) throws {
        let key = try keys[role] ?? SigningKey.generateEd25519()
        keys[role] = key
        try repository.delegate(
            to: role, keys: [key.key], scope: prefixes.map { .pathHashPrefixes($0) } ?? .paths(paths), terminating: terminating,
            from: delegator)
    }

    /// Gives a top-level role a new key in place of its old one, which is returned.
    @discardableResult func rotate(_ role: String) throws -> SigningKey {
        let old = try key(role)
        let new = try SigningKey.generateEd25519()
        keys[role] = new
        try repository.setKeys([new.key], of: role)
        return old
    }

    /// An update that begins some days after ``now``.
    func updater(days: Int = 0, limits: ClientLimits = ClientLimits()) -> Updater {
        Updater(cache: cache, fetcher: fetcher, limits: limits, startTime: Self.now.adding(days: days))
    }

    @discardableResult func refresh(days: Int = 0) async throws -> Updater {
        var updater = updater(days: days)
        try await updater.refresh()
        return updater
    }

    /// The version of a role that the client trusts; `nil` for none.
    func version(_ role: String) throws -> Int? {
        guard let document = cache.contents[role] else { return nil }
        switch role {
        case RoleName.root: return try Metadata<Root>(document).signed.version
        case RoleName.timestamp: return try Metadata<Timestamp>(document).signed.version
        case RoleName.snapshot: return try Metadata<Snapshot>(document).signed.version
        default: return try Metadata<Targets>(document).signed.version
        }
    }

    // MARK: What an attacker does

    /// Puts a document in its place, whatever it says, with these signatures.
    /// - Parameter version: that of the file's name; the document may say another one.
    func put(
        _ body: some RoleBody, as role: String, version: Int?, signedBy signers: [any MetadataSigner]
    ) async throws {
        var metadata = Metadata(body)
        for signer in signers { try await metadata.sign(with: signer) }
        try await storage.write(metadata.document, as: .metadata(role, version: version))
    }

    /// Publishes a changed timestamp, signed as it should be.
    func putTimestamp(_ change: (inout Timestamp) -> Void) async throws {
        var body = repository.timestamp.signed
        change(&body)
        try await put(body, as: RoleName.timestamp, version: nil, signedBy: [key(RoleName.timestamp)])
    }

    /// Publishes a changed snapshot under its version, signed as it should be, and a newer timestamp that names it.
    func putSnapshot(_ change: (inout Snapshot) -> Void) async throws {
        var body = repository.snapshot.signed
        body.version += 1
        change(&body)
        try await put(body, as: RoleName.snapshot, version: body.version, signedBy: [key(RoleName.snapshot)])
        try await putTimestamp {
            $0.version += 1
            $0.snapshot = MetadataFileEntry(version: body.version)
        }
    }

    /// Publishes a changed root as the next one, signed as it should be.
    func putRoot(signedBy signers: [any MetadataSigner]? = nil, _ change: (inout Root) -> Void) async throws {
        var body = repository.root.signed
        let name = body.version + 1
        body.version = name
        change(&body)
        try await put(body, as: RoleName.root, version: name, signedBy: signers ?? [key(RoleName.root)])
    }
}
