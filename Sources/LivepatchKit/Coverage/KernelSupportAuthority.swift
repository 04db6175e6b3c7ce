public import FoundationEssentials

/// Says whether kernels get patches: as the coverage table has it and, where that is silent, by whether there are patches for such
/// kernels. Answers from memory, which is renewed when the catalogue's revision moves.
public actor KernelSupportAuthority {
    private let tiers: TierStateCache
    private let store: any CoverageStore
    private let kernels: CatalogueKernels
    private var table: (value: CoverageTable, revision: CatalogRevision)?

    public init(catalog: any Catalog, tiers: TierStateCache, coverage: any CoverageStore) {
        self.tiers = tiers
        store = coverage
        kernels = CatalogueKernels(catalog: catalog)
    }

    /// - Parameter time: the moment that decides what is over.
    public func support(of kernel: KernelQuestion, at time: Date) async throws -> KernelSupportStatus {
        let (state, revision) = try await tiers.current()
        if let answer = try await table(at: revision).support(of: kernel, at: time) { return answer }
        let offered = state.tiers.first.map(state.offered) ?? []
        let kinds = try await kernels.kinds(of: Set(offered), at: revision)
        if kinds.contains(kernel.kind) { return .supported }
        // A server that has nothing yet knows nothing.
        return kinds.isEmpty ? .unknown : .unsupported
    }

    private func table(at revision: CatalogRevision) async throws -> CoverageTable {
        if let table, table.revision == revision { return table.value }
        let (fresh, read) = try await store.coverage()
        table = (fresh, read)
        return fresh
    }
}

extension KernelSupportAuthority: KernelSupport {
    public func obstacle(
        to kernel: MachineKernel, buildDate: Date?, codename: String?, at time: Date
    ) async throws -> KernelObstacle? {
        let question = KernelQuestion(kernel, codename: codename, buildDate: buildDate)
        let table = try await table(at: tiers.current().revision)
        let kind = "\(question.series) (\(question.flavour), \(question.architecture))"
        let entries = table.entries(for: question)
        switch table.support(of: question, at: time) {
        case .kernelEndOfLife:
            let end = entries.map(\.coveredUntil).max().map { " since \(Timestamp.text($0))" } ?? ""
            return KernelObstacle(
                .kernelEndOfLife, "Kernels of the series \(kind) get no more patches\(end). Move to a kernel of a later series.")
        case .kernelUpgradeRequired:
            let oldest = entries.compactMap(\.oldestBuild).min().map { " before \(Timestamp.text($0))" } ?? " too long ago"
            return KernelObstacle(
                .kernelUpgradeRequired,
                "The kernel \(kernel) was built\(oldest). Upgrade it to a later build of the series \(kind), which gets patches.")
        case .supported, .unsupported, .unknown, nil: return nil
        }
    }
}

/// Which kernels the catalogue has patches for. Of versions that have not changed since the last look nothing is read again.
private actor CatalogueKernels {
    private let catalog: any Catalog
    private var look: (revision: CatalogRevision, kinds: Task<Set<KernelKind>, any Error>)?
    private var versions: [PatchVersion: (record: PatchVersionRecord, kinds: Set<KernelKind>)] = [:]

    init(catalog: any Catalog) { self.catalog = catalog }

    /// - Parameter versions: the patch versions that count.
    func kinds(of versions: Set<PatchVersion>, at revision: CatalogRevision) async throws -> Set<KernelKind> {
        // Whoever asks while the catalogue is looked through waits for that look.
        if let look, look.revision == revision { return try await look.kinds.value }
        let before = look?.kinds
        let kinds = Task {
            _ = await before?.result
            return try await read(versions)
        }
        look = (revision, kinds)
        do {
            return try await kinds.value
        } catch {
            if look?.kinds == kinds { look = nil }
            throw error
        }
    }

    private func read(_ offered: Set<PatchVersion>) async throws -> Set<KernelKind> {
        var fresh: [PatchVersion: (record: PatchVersionRecord, kinds: Set<KernelKind>)] = [:]
        for record in try await catalog.versions() where offered.contains(record.version) {
            if let known = versions[record.version], known.record == record, record.available == record.files {
                fresh[record.version] = known
            } else {
                let files = try await catalog.files(of: record.version)
                fresh[record.version] = (record, Set(files.filter(\.available).map { KernelKind(of: $0.file.name) }))
            }
        }
        versions = fresh
        return fresh.values.reduce(into: []) { $0.formUnion($1.kinds) }
    }
}
