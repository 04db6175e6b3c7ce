import LivepatchKit

/// Reads an upstream's documents from the head down: the tiers, one tier's versions, and the files of those that are wanted.
struct OfferReader {
    /// How often it begins anew because the documents changed in between.
    private static let restarts = 3
    /// How many lists of files are read at a time.
    private static let concurrency = 8

    private let reader: any DocumentReader
    private let filter: SyncFilter

    /// - Parameter filter: what this configuration takes.
    init(_ reader: any DocumentReader, filter: SyncFilter) {
        self.reader = reader
        self.filter = filter
    }

    /// - Throws: ``LivepatchError`` with the codes `tier-unknown`, `upstream-empty` if the tier holds no patch at all, not even
    ///   a blocked one, and those of upstreams.
    func read(_ wish: OfferWish) async throws -> Offer {
        var restarts = 0
        while true {
            do {
                return try await once(wish)
            } catch let error as LivepatchError where error.code == .upstreamMoving && restarts < Self.restarts {
                restarts += 1
            }
        }
    }

    private func once(_ wish: OfferWish) async throws -> Offer {
        guard case .head(let head, _) = try await reader.head(unless: nil) else {
            throw LivepatchError(.upstreamMalformed, "The upstream says that its head is unchanged, which nobody asked.")
        }
        let blocked = Set(try await reader.revocations(head.revocations).blocks.map(\.version))
        let tiers = try await reader.tiers(head.tiers).tiers
        let wanted = wish.tier ?? head.tier
        guard let tier = tiers.first(where: { $0.name == wanted }) else {
            throw LivepatchError(
                .tierUnknown, "The token does not show a tier '\(wanted)'.",
                suggestion: "It shows \(tiers.map(\.name.description).joined(separator: ", ")).")
        }
        let held = try await reader.tier(tier.name, tier.document)
        let versions = held.versions.filter { !blocked.contains($0.version) }
        guard !versions.isEmpty || held.blocked != nil else {
            if let failure = await reader.findings().failures.first {
                throw LivepatchError(LivepatchError.Code(rawValue: failure.code), failure.message)
            }
            throw LivepatchError(
                .upstreamEmpty, "The upstream offers no patch in the tier '\(wanted)'.",
                suggestion: "Patches get there by `livepatch-admin patch promote` on the upstream.")
        }
        let files = try await files(of: versions.filter { wish.versions($0.version) }).filter { file in
            head.filters.admits(file.name) && filter.admits(file.name) && wish.files(file.name)
        }
        let findings = await reader.findings()
        return Offer(
            tier: tier.name, files: files.sorted { $0.name < $1.name }, blocked: blocked,
            warnings: findings.failures.map(\.message) + findings.notes)
    }

    private func files(of versions: [TierDocument.Entry]) async throws -> [PatchFile] {
        try await withThrowingTaskGroup(of: [PatchFile].self) { group in
            var files: [PatchFile] = []
            for (index, entry) in versions.enumerated() {
                if index >= Self.concurrency, let some = try await group.next() { files += some }
                group.addTask { [reader] in try await reader.version(entry.version, entry.document).files }
            }
            for try await some in group { files += some }
            return files
        }
    }
}
