/// What a fetch ahead of time did.
public struct StoragePrefetch: Hashable, Sendable, Codable {
    public struct Failure: Hashable, Sendable, Codable {
        public let file: PatchFileName
        /// A ``LivepatchError/Code``.
        public let code: String
        /// What went wrong and what to do.
        public let message: String

        public init(file: PatchFileName, code: String, message: String) {
            self.file = file
            self.code = code
            self.message = message
        }
    }

    /// Files whose content was fetched, and how much that was, in bytes.
    public var files: Int
    public var bytes: Int64
    /// Files whose content was here already.
    public var present: Int
    public var failures: [Failure]
    /// Files that were not tried any more, because the upstream could not be had or the storage is full.
    public var left: Int

    public init(files: Int = 0, bytes: Int64 = 0, present: Int = 0, failures: [Failure] = [], left: Int = 0) {
        self.files = files
        self.bytes = bytes
        self.present = present
        self.failures = failures
        self.left = left
    }

    /// Whether something that machines would ask for is still not here.
    public var needsAttention: Bool { !failures.isEmpty || left > 0 }
}

/// Fetches ahead of time what machines would ask for.
public struct PrefetchRun: Sendable {
    private let catalog: any Catalog
    private let tiers: TierStateCache
    private let storage: any PatchStorage
    private let fetcher: ContentFetcher?
    private let concurrency: Int

    /// - Parameters:
    ///   - fetcher: `nil` on a server that has no upstream.
    ///   - concurrency: how many files are asked for at a time, 1 or more.
    public init(
        catalog: any Catalog, tiers: TierStateCache, storage: any PatchStorage, fetcher: ContentFetcher?, concurrency: Int
    ) {
        self.catalog = catalog
        self.tiers = tiers
        self.storage = storage
        self.fetcher = fetcher
        self.concurrency = max(1, concurrency)
    }

    /// Fetches, for each kernel that a tier has patches for, the file of the newest patch version that the tier offers for it: what a
    /// machine with that kernel is offered when it next checks in.
    /// - Parameters:
    ///   - tier: `nil` for all tiers.
    ///   - progress: told of how far it is.
    /// - Throws: ``LivepatchError`` with the codes `sync-not-configured` and `tier-unknown`. What cannot be fetched is in the result.
    public func run(
        _ tier: TierName?, progress: @escaping @Sendable (StorageProgress) -> Void = { _ in }
    ) async throws -> StoragePrefetch {
        guard let fetcher else {
            throw LivepatchError(
                .syncNotConfigured, "There is nothing to fetch ahead of time: this server has no upstream.",
                suggestion: "Only a server with patch-sync.enabled fetches content when it is asked for.")
        }
        let state = try await tiers.current().state
        if let tier, state.position(of: tier) == nil { throw LivepatchError.tierUnknown(tier, among: state.tiers) }
        var result = StoragePrefetch()
        let missing = try await wanted(tier.map { [$0] } ?? state.tiers, state, &result)
        var reached = StorageProgress(total: missing.count, bytesTotal: missing.reduce(0) { $0 + $1.length })
        progress(reached)
        var rest = missing[...]
        await withTaskGroup(of: (PatchFile, LivepatchError?).self) { group in
            func begin() {
                guard let file = rest.popFirst() else { return }
                group.addTask { (file, await Self.fetch(file, fetcher)) }
            }
            for _ in 0..<concurrency { begin() }
            for await (file, error) in group {
                if let error {
                    result.failures.append(.init(file: file.name, code: error.code.rawValue, message: error.description))
                    if Self.concernsAll(error) {
                        result.left += rest.count
                        rest = []
                    }
                } else {
                    result.files += 1
                    result.bytes += file.length
                }
                reached.done += 1
                reached.bytesDone += file.length
                progress(reached)
                begin()
            }
        }
        try Task.checkCancellation()
        return result
    }

    /// What is not here of what the tiers' machines are offered, each content once.
    private func wanted(
        _ tiers: [TierName], _ state: TierState, _ result: inout StoragePrefetch
    ) async throws -> [PatchFile] {
        var kernels: [TierName: Set<MachineKernel>] = [:]
        var seen: Set<SHA256Digest> = []
        var missing: [PatchFile] = []
        let offered = tiers.map { ($0, Set(state.offered(in: $0))) }
        let versions = offered.reduce(into: Set<PatchVersion>()) { $0.formUnion($1.1) }
        for version in versions.sorted(by: >) {
            try Task.checkCancellation()
            for record in try await catalog.files(of: version) where record.available {
                let kernel = MachineKernel(of: record.file.name)
                let isNewest = offered.reduce(false) { isNewest, tier in
                    tier.1.contains(version) && kernels[tier.0, default: []].insert(kernel).inserted || isNewest
                }
                guard isNewest, seen.insert(record.file.digest).inserted else { continue }
                if try await storage.length(of: record.file.digest) == record.file.length {
                    result.present += 1
                } else {
                    missing.append(record.file)
                }
            }
        }
        return missing
    }

    private static func fetch(_ file: PatchFile, _ fetcher: ContentFetcher) async -> LivepatchError? {
        do {
            try await fetcher.arrival(of: file, urgency: .ahead).end()
            return nil
        } catch let error as LivepatchError {
            // An administrator may know the reason itself.
            return error.cause as? LivepatchError ?? error
        } catch {
            return LivepatchError(.cancelled, "The fetch of \(file.name) was not waited for.")
        }
    }

    private static func concernsAll(_ error: LivepatchError) -> Bool {
        error.concernsWholeUpstream || error.code == .storageFull || error.code == .storageUnavailable
    }
}
