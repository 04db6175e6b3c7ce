import Caching
import Synchronization

/// The patch files that there are for each kernel, in memory: read once for each revision of the catalogue, and only for kernels that
/// somebody asks for.
public actor OfferIndex {
    private struct Known: Sendable {
        let candidates: [OfferCandidate]
        let revision: CatalogRevision
    }

    private struct Reading {
        let task: Task<Known, any Error>
        let revision: CatalogRevision
    }

    private let catalog: any Catalog
    private nonisolated let known: Mutex<LeastRecentlyUsed<MachineKernel, Known>>
    private var reading: [MachineKernel: Reading] = [:]
    /// Lists of CVEs by version: the files of a version mostly fix the same, and share the memory for it.
    private var cves: LeastRecentlyUsed<PatchVersion, [String]>

    /// - Parameter limit: how many kernels are remembered; the ones asked for the longest ago are forgotten first.
    public init(catalog: any Catalog, limit: Int = 1024) {
        self.catalog = catalog
        known = Mutex(LeastRecentlyUsed(capacity: limit))
        cves = LeastRecentlyUsed(capacity: 4096)
    }

    /// How many kernels are remembered.
    package nonisolated var count: Int { known.withLock { $0.count } }

    /// Whether some tier holds a patch for exactly that kernel, blocked or not.
    public func knows(
        _ kernel: MachineKernel, in state: TierState, as revision: CatalogRevision
    ) async throws -> Bool {
        try await !candidates(for: kernel, in: state, as: revision).isEmpty
    }

    /// The files for exactly that kernel whose versions are in some tier, the newest first.
    package func candidates(
        for kernel: MachineKernel, in state: TierState, as revision: CatalogRevision
    ) async throws -> [OfferCandidate] {
        if let candidates = remembered(for: kernel, as: revision) { return candidates }
        if let reading = reading[kernel], reading.revision >= revision { return try await reading.task.value.candidates }
        // Nobody's own task: that one caller goes away must not fail the others.
        let task = Task { try await read(kernel, in: state, as: revision) }
        reading[kernel] = Reading(task: task, revision: revision)
        return try await task.value.candidates
    }

    /// What ``candidates(for:in:as:)`` finds, for whoever cannot wait.
    /// - Returns: `nil` if it has to be read first.
    nonisolated func remembered(for kernel: MachineKernel, as revision: CatalogRevision) -> [OfferCandidate]? {
        known.withLock { known in
            known.value(for: kernel).flatMap { $0.revision >= revision ? $0.candidates : nil }
        }
    }

    private func read(_ kernel: MachineKernel, in state: TierState, as revision: CatalogRevision) async throws -> Known {
        defer { if reading[kernel]?.revision == revision { reading[kernel] = nil } }
        let positions = Dictionary(state.tiers.enumerated().map { ($1, $0) }) { first, _ in first }
        let reach = state.reach.compactMapValues { positions[$0] }
        let blocked = state.blockedVersions
        let records = try await catalog.files(named: reach.keys.sorted(by: >).map(kernel.fileName))
        let candidates = records.compactMap { record -> OfferCandidate? in
            let version = record.file.name.version
            guard kernel.isFitted(by: record.file.name), let position = reach[version] else { return nil }
            return OfferCandidate(
                file: sharing(record.file), available: record.available, reach: position, isBlocked: blocked.contains(version))
        }
        let fresh = Known(candidates: candidates.sorted { $0.version > $1.version }, revision: revision)
        known.withLock { known in
            if known.value(for: kernel).map({ $0.revision < revision }) ?? true { _ = known.insert(fresh, for: kernel) }
        }
        return fresh
    }

    private func sharing(_ file: PatchFile) -> PatchFile {
        let version = file.name.version
        guard let list = cves.value(for: version), list == file.cves else {
            cves.insert(file.cves, for: version)
            return file
        }
        return PatchFile(name: file.name, length: file.length, digest: file.digest, released: file.released, cves: list)
    }
}
