/// Publishes the catalogue's views as documents that are bound to each other by digest.
///
/// A view is made when it is first asked for at a revision of the catalogue, and kept until the revision moves or the signed
/// repositories behind it change.
public actor PlainDocumentPublisher: DocumentPublisher {
    private struct View {
        let head: PublishedDocument
        let revocations: PublishedDocument
        let tierList: PublishedDocument
        let tiers: [TierName: PublishedDocument]
        /// `nil` if there is none.
        let coverage: PublishedDocument?
        let versions: Set<PatchVersion>
        /// `nil` if nothing is signed.
        let repositories: PublishedRepositories?
    }

    /// What views are made of.
    private struct Sources {
        let catalog: any Catalog
        let tiers: TierStateCache
        let metadata: MetadataPublisher?
        let coverage: (any CoverageStore)?
    }

    private let sources: Sources
    private var revision: CatalogRevision?
    private var generation: Int?
    private var views: [TierName: Task<View, any Error>] = [:]

    /// - Parameters:
    ///   - metadata: the signed repositories behind the documents; without them the documents are unsigned.
    ///   - coverage: how long which kernels get patches; without it nothing is said of that.
    public init(
        catalog: any Catalog, tiers: TierStateCache, metadata: MetadataPublisher? = nil, coverage: (any CoverageStore)? = nil
    ) {
        sources = Sources(catalog: catalog, tiers: tiers, metadata: metadata, coverage: coverage)
    }

    public func head(for tier: TierName) async throws -> PublishedDocument { try await view(for: tier).head }

    public func document(_ name: DocumentName, for tier: TierName) async throws -> PublishedDocument? {
        let view = try await view(for: tier)
        switch name {
        case .revocations: return view.revocations
        case .tiers: return view.tierList
        case .tier(let name): return view.tiers[name]
        case .coverage: return view.coverage
        case .version(let version):
            guard view.versions.contains(version) else { return nil }
            return try await document(of: version, view)
        }
    }

    public func metadata(_ file: MetadataFile, for tier: TierName) async throws -> [UInt8]? {
        let view = try await view(for: tier)
        guard let metadata = sources.metadata, let repositories = view.repositories,
            repositories.shows(file.repository, in: view.tiers.keys)
        else { return nil }
        guard let name = VersionedName(file.name), name.patch != nil else {
            return try await metadata.read(file, of: repositories)
        }
        guard let patch = repositories.patch(name, in: file.repository), view.versions.contains(patch.version),
            let document = try await sources.catalog.versionDocument(patch.version), document.reference == patch.document
        else { return nil }
        return document.bytes
    }

    /// The view at the current revision. Whoever asks while it is being made waits for the same one.
    private func view(for tier: TierName) async throws -> View {
        let current = try await sources.tiers.current().revision
        let generation = try await sources.metadata?.current().generation
        if revision != current || self.generation != generation {
            revision = current
            self.generation = generation
            views = [:]
        }
        if let view = views[tier] { return try await view.value }
        let sources = sources
        let task = Task { try await Self.makeView(for: tier, sources) }
        views[tier] = task
        do {
            return try await task.value
        } catch {
            if views[tier] == task { views[tier] = nil }
            throw error
        }
    }

    /// A view of one revision. What is read for it takes more than one transaction, so it is read again if the revision moved
    /// meanwhile: nobody is shown half of a change.
    private static func makeView(for tier: TierName, _ sources: Sources) async throws -> View {
        var attempts = 0
        while true {
            let metadata = try await sources.metadata?.current()
            let (state, revision) = try await sources.tiers.current()
            guard state.position(of: tier) != nil else {
                throw LivepatchError(.tierUnknown, "There is no tier '\(tier)'.")
            }
            let coverage = try await sources.coverage?.coverage().table.effective ?? []
            let view = try await makeView(for: tier, state, metadata?.repositories, coverage, sources.catalog)
            attempts += 1
            // A catalogue that never stands still is shown as it was met; the next question shows it anew.
            let isConsistent = try await sources.catalog.revision() == revision && metadata?.revision ?? revision == revision
            if isConsistent || attempts == 5 { return view }
        }
    }

    private static func makeView(
        for tier: TierName, _ state: TierState, _ repositories: PublishedRepositories?, _ entries: [KernelCoverage],
        _ catalog: any Catalog
    ) async throws -> View {
        let visible = state.tiers.drop { $0 != tier }
        let offered = state.offered(in: tier)
        let known = Dictionary(uniqueKeysWithValues: try await catalog.versions().map { ($0.version, $0.document) })
        var references: [PatchVersion: DocumentReference] = [:]
        for version in offered {
            if let reference = known[version] ?? nil {
                references[version] = reference
            } else if known[version] != nil, repositories == nil {
                references[version] = try await document(of: version, catalog).reference
            }
        }
        var tierDocuments: [TierName: PublishedDocument] = [:]
        for name in visible {
            let entries = state.offered(in: name).compactMap { version in
                references[version].map { TierDocument.Entry(version: version, document: $0) }
            }
            let blocked = state.members(of: name).filter(state.isBlocked)
            tierDocuments[name] = try publish(TierDocument(tier: name, versions: entries, blocked: blocked))
        }
        let tierList = try publish(
            TierListDocument(
                tiers: visible.compactMap { name in
                    tierDocuments[name].map { TierListDocument.Entry(name: name, document: $0.reference) }
                }))
        let revocations = try publish(RevocationsDocument(blocks: state.blocks))
        let coverage = try entries.isEmpty ? nil : publish(CoverageDocument(entries: entries))
        let sync = try await catalog.syncState()
        let deployment = try await catalog.deployment()
        let head = Head(
            route: try sync.route?.extended(by: deployment) ?? Route(origin: deployment), tier: tier,
            filters: sync.upstreamFilters.appending(sync.filter), revocations: revocations.reference, tiers: tierList.reference,
            metadata: repositories?.head(of: visible), coverage: coverage?.reference)
        return View(
            head: try publish(head), revocations: revocations, tierList: tierList, tiers: tierDocuments, coverage: coverage,
            versions: Set(references.keys), repositories: repositories)
    }

    /// A version's document. Signed ones are made with the metadata: one that is not there now has changed since the view was made,
    /// and is not what the view lists.
    private func document(of version: PatchVersion, _ view: View) async throws -> PublishedDocument? {
        if view.repositories != nil { return try await sources.catalog.versionDocument(version) }
        return try await Self.document(of: version, sources.catalog)
    }

    /// A version's document: the bytes that were relayed or made before, or made from its files now.
    private static func document(of version: PatchVersion, _ catalog: any Catalog) async throws -> PublishedDocument {
        if let document = try await catalog.versionDocument(version) { return document }
        let revision = try await catalog.revision()
        let files = try await catalog.files(of: version).map(\.file)
        let document = try publish(VersionDocument(version: version, files: files))
        try await catalog.setVersionDocument(version, document, expecting: revision)
        return document
    }

    private static func publish(_ document: some Encodable) throws -> PublishedDocument {
        PublishedDocument(bytes: try DocumentCoding.encode(document))
    }
}
