public import FoundationEssentials
import Synchronization
import TUF

/// Keeps the signed repositories of a server up to its catalogue: signs what it has released, what it has revoked and whom its tiers
/// offer it to, relays what others have signed, and renews in time what is about to expire.
///
/// Nothing happens but when somebody asks.
public actor MetadataPublisher {
    /// What was published, and of which moment it is.
    struct State: Sendable {
        let revision: CatalogRevision
        /// Another number for every state.
        let generation: Int
        /// `nil` if there is nothing that could be proven: the upstream does not sign.
        let repositories: PublishedRepositories?
        fileprivate let place: ChainPlace
        fileprivate let renewal: MetadataTime
    }

    private let catalog: any Catalog
    private let tiers: TierStateCache
    private let storage: any TrustStorage
    private let keys: any TrustKeyStore
    private let place: @Sendable () async throws -> ChainPlace
    private let lifetimes: MetadataLifetimes
    private let lock: (any StorageLock)?
    private let beginsAnew: Bool
    private let now: @Sendable () -> Date

    private var known: State?
    private var publication: Task<State, any Error>?
    private nonisolated let generation = Atomic(0)

    /// How often something was published.
    public nonisolated var publications: Int { generation.load(ordering: .acquiring) }

    /// - Parameters:
    ///   - place: where the server stands in its chain; asked whenever somebody wants to see something.
    ///   - lock: held exclusively while something is published, where another process may publish into the same storage.
    ///   - beginsAnew: whether the first publication signs everything anew but roots and patches' documents: then those below go on at
    ///     once with a server that was started from a backup, whose documents are older than what they have seen.
    ///   - now: the current time.
    public init(
        catalog: any Catalog, tiers: TierStateCache, storage: any TrustStorage, keys: any TrustKeyStore,
        place: @escaping @Sendable () async throws -> ChainPlace, lifetimes: MetadataLifetimes = MetadataLifetimes(),
        lock: (any StorageLock)? = nil, beginsAnew: Bool = false, now: @escaping @Sendable () -> Date
    ) {
        self.catalog = catalog
        self.tiers = tiers
        self.storage = storage
        self.keys = keys
        self.place = place
        self.lifetimes = lifetimes
        self.lock = lock
        self.beginsAnew = beginsAnew
        self.now = now
    }

    /// Publishes what has changed or is due. Whoever asks meanwhile waits for it.
    /// - Throws: ``LivepatchError`` with the code `trust-unavailable` if a key is missing; what catalogue and storage throw.
    public func publish() async throws { _ = try await current() }

    /// What is published now.
    func current() async throws -> State {
        while true {
            let revision = try await tiers.current().revision
            let place = try await place()
            if let known, known.revision == revision, known.place == place, time < known.renewal { return known }
            if let publication {
                _ = await publication.result
                continue
            }
            return try await begin(at: place)
        }
    }

    /// Publishes, while whoever else asks waits. Nothing may be under way.
    private func begin(at place: ChainPlace, adopting adoption: RootAdoption? = nil) async throws -> State {
        let task = Task {
            guard let lock else { return try await publish(at: place, adopting: adoption) }
            return try await lock.withExclusive { try await publish(at: place, adopting: adoption) }
        }
        publication = task
        let result = await task.result
        publication = nil
        return try result.get()
    }

    // MARK: Roots that are signed elsewhere

    /// What the next root of a kind is made from.
    /// - Throws: ``LivepatchError`` with the code `not-found` if there is none yet.
    func rootBasis(of kind: TrustedRoot.Kind) async throws -> RootBasis {
        let names = RepositoryKeyNames(kind)
        let roots = try await roots(of: kind)
        guard let newest = roots.newest, let root = roots.documents[newest.signed.version] else {
            throw LivepatchError.noRoot(names.subject)
        }
        return RootBasis(
            kind: kind, signer: try await catalog.deployment(), root: String(decoding: root, as: UTF8.self),
            targets: try await TrustPublicKey(of: keys.keyOrNew(names.targets)),
            online: try await TrustPublicKey(of: keys.keyOrNew(names.online)))
    }

    /// Publishes a root that was signed elsewhere, and everything else under it.
    /// - Throws: ``LivepatchError`` with the codes `root-refused`, `not-found`, and what ``publish()`` throws.
    func adopt(_ adoption: RootAdoption) async throws -> TrustedRoot {
        let place = try await place()
        let before = try await roots(of: adoption.kind).newest?.signed.version ?? 0
        while let publication {
            _ = await publication.result
            await Task.yield()
        }
        do {
            _ = try await begin(at: place, adopting: adoption)
        } catch let error as LivepatchError where error.code == .trustUnavailable {
            // The other repository may wait for a root of its own; this one has it.
            guard let newest = try await roots(of: adoption.kind).newest, newest.signed.version > before else { throw error }
        }
        let roots = try await roots(of: adoption.kind)
        guard let newest = roots.newest, newest.signed.version > before, let document = roots.documents[newest.signed.version]
        else { throw LivepatchError.noRoot(RepositoryKeyNames(adoption.kind).subject) }
        return TrustedRoot(
            kind: adoption.kind, signer: try await catalog.deployment(), version: newest.signed.version,
            fingerprint: SHA256Digest(of: document))
    }

    private func roots(of kind: TrustedRoot.Kind) async throws -> RootChain {
        let repositories: [MetadataRepository] =
            switch kind {
            case .origin: [.origin(try await catalog.deployment())]
            case .tiers: try await storage.publishedViews().map { .view($0) }
            }
        var published: [PublishedRepository] = []
        for repository in repositories { published.append(try await PublishedRepository(storage.published(repository))) }
        return try await RootChain(of: published, RepositoryKeyNames(kind).subject)
    }

    /// A file of the repositories, other than a patch version's document.
    func read(_ file: MetadataFile, of repositories: PublishedRepositories) async throws -> [UInt8]? {
        guard let relayed = repositories.relayed[file.repository] else {
            return try await storage.published(file.repository).read(file.name)
        }
        guard let reference = relayed.files[file.name] else { return nil }
        return try await catalog.fetchedDocument(reference.digest)
    }

    private var time: MetadataTime {
        MetadataTime(secondsSince1970: Int64(now().timeIntervalSince1970.rounded(.down)))
    }

    /// Publishes a state of one revision of the catalogue, or nearly so if that never stands still.
    private func publish(at place: ChainPlace, adopting adoption: RootAdoption?) async throws -> State {
        var attempts = 0
        while true {
            attempts += 1
            let (state, revision) = try await tiers.current()
            let signer = RoleSigner(time: time, lifetimes: lifetimes, signsAll: beginsAnew && known == nil)
            let publication = RepositoryRound(
                catalog: catalog, storage: storage, keys: keys, signer: signer, place: place,
                deployment: try await catalog.deployment(), sync: try await catalog.syncState(), tiers: state,
                adoption: adoption)
            let isLastAttempt = attempts == 5
            let outcome = try await publication.run { [catalog] in
                if isLastAttempt { return true }
                return try await catalog.revision() == revision
            }
            guard let outcome else { continue }
            let generation = generation.add(1, ordering: .releasing).newValue
            let published = State(
                revision: revision, generation: generation, repositories: outcome.repositories, place: place,
                renewal: outcome.renewal)
            known = published
            return published
        }
    }
}
