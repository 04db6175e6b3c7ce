/// Publishes the catalogue's views as documents that are bound to each other by digest.
///
/// A view is made when it is first asked for at a revision of the catalogue, and kept until the revision moves.
public actor PlainDocumentPublisher: DocumentPublisher {
    private struct View {
        let head: PublishedDocument
        let revocations: PublishedDocument
        let tierList: PublishedDocument
        let tiers: [TierName: PublishedDocument]
        let versions: Set<PatchVersion>
    }

    private let catalog: any Catalog
    private let tiers: TierStateCache
    private var revision: CatalogRevision?
    private var views: [TierName: Task<View, any Error>] = [:]

    public init(catalog: any Catalog, tiers: TierStateCache) {
        self.catalog = catalog
        self.tiers = tiers
    }

    public func head(for tier: TierName) async throws -> PublishedDocument { try await view(for: tier).head }

    public func document(_ name: DocumentName, for tier: TierName) async throws -> PublishedDocument? {
        let view = try await view(for: tier)
        switch name {
        case .revocations: return view.revocations
        case .tiers: return view.tierList
        case .tier(let name): return view.tiers[name]
        case .version(let version):
            guard view.versions.contains(version) else { return nil }
            return try await Self.document(of: version, catalog)
        }
    }

    public func metadata(_ file: MetadataFile, for tier: TierName) async throws -> [UInt8]? { nil }

    /// The view at the current revision. Whoever asks while it is being made waits for the same one.
    private func view(for tier: TierName) async throws -> View {
        let current = try await tiers.current().revision
        if revision != current {
            revision = current
            views = [:]
        }
        if let view = views[tier] { return try await view.value }
        let (catalog, tiers) = (catalog, tiers)
        let task = Task { try await Self.makeView(for: tier, tiers, catalog) }
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
    private static func makeView(for tier: TierName, _ tiers: TierStateCache, _ catalog: any Catalog) async throws -> View {
        var attempts = 0
        while true {
            let (state, revision) = try await tiers.current()
            guard state.position(of: tier) != nil else {
                throw LivepatchError(.tierUnknown, "There is no tier '\(tier)'.")
            }
            let view = try await makeView(for: tier, state, catalog)
            attempts += 1
            // A catalogue that never stands still is shown as it was met; the next question shows it anew.
            if try await catalog.revision() == revision || attempts == 5 { return view }
        }
    }

    private static func makeView(for tier: TierName, _ state: TierState, _ catalog: any Catalog) async throws -> View {
        let visible = state.tiers.drop { $0 != tier }
        let offered = state.offered(in: tier)
        let known = Dictionary(uniqueKeysWithValues: try await catalog.versions().map { ($0.version, $0.document) })
        var references: [PatchVersion: DocumentReference] = [:]
        for version in offered {
            if let reference = known[version] ?? nil {
                references[version] = reference
            } else if known[version] != nil {
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
        let sync = try await catalog.syncState()
        let deployment = try await catalog.deployment()
        let head = Head(
            route: try sync.route?.extended(by: deployment) ?? Route(origin: deployment), tier: tier,
            filters: sync.upstreamFilters.appending(sync.filter), revocations: revocations.reference, tiers: tierList.reference)
        return View(
            head: try publish(head), revocations: revocations, tierList: tierList, tiers: tierDocuments,
            versions: Set(references.keys))
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
