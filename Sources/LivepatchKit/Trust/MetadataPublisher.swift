public import FoundationEssentials
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
    private let now: @Sendable () -> Date

    private var known: State?
    private var publication: Task<State, any Error>?
    private var generation = 0

    /// - Parameters:
    ///   - place: where the server stands in its chain; asked whenever somebody wants to see something.
    ///   - lock: held exclusively while something is published, where another process may publish into the same storage.
    ///   - now: the current time.
    public init(
        catalog: any Catalog, tiers: TierStateCache, storage: any TrustStorage, keys: any TrustKeyStore,
        place: @escaping @Sendable () async throws -> ChainPlace, lifetimes: MetadataLifetimes = MetadataLifetimes(),
        lock: (any StorageLock)? = nil, now: @escaping @Sendable () -> Date
    ) {
        self.catalog = catalog
        self.tiers = tiers
        self.storage = storage
        self.keys = keys
        self.place = place
        self.lifetimes = lifetimes
        self.lock = lock
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
            let task = Task {
                guard let lock else { return try await publish(at: place) }
                return try await lock.withExclusive { try await publish(at: place) }
            }
            publication = task
            let result = await task.result
            publication = nil
            return try result.get()
        }
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
    private func publish(at place: ChainPlace) async throws -> State {
        var attempts = 0
        while true {
            attempts += 1
            let (state, revision) = try await tiers.current()
            let publication = RepositoryRound(
                catalog: catalog, storage: storage, keys: keys, signer: RoleSigner(time: time, lifetimes: lifetimes),
                place: place, deployment: try await catalog.deployment(), sync: try await catalog.syncState(), tiers: state)
            let isLastAttempt = attempts == 5
            let outcome = try await publication.run { [catalog] in
                if isLastAttempt { return true }
                return try await catalog.revision() == revision
            }
            guard let outcome else { continue }
            generation += 1
            let published = State(
                revision: revision, generation: generation, repositories: outcome.repositories, place: place,
                renewal: outcome.renewal)
            known = published
            return published
        }
    }
}
