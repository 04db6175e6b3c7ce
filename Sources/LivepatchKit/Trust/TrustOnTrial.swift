import Synchronization
import TUF

/// Trust that begins with what is trusted already, and keeps what is verified to itself: to find out whether something would be
/// believed, without believing it yet.
final class TrustOnTrial: TrustStorage {
    /// What it begins with.
    enum Beginning: Sendable {
        /// All that is trusted.
        case present
        /// The roots with which that trust once began, and nothing that was learned since.
        case anchors
    }

    private let base: (any TrustStorage)?
    private let beginning: Beginning
    private let trials = Mutex<[TrustedRepository: TrialCache]>([:])

    init(over base: (any TrustStorage)?, from beginning: Beginning = .present) {
        self.base = base
        self.beginning = beginning
    }

    /// The roots in which trust began during the trial, by their fingerprints.
    var newAnchors: [(repository: TrustedRepository, fingerprint: SHA256Digest)] {
        trials.withLock { trials in
            trials.compactMap { repository, cache in
                cache.written.contents[TrustAnchors.role].map { (repository, SHA256Digest(of: $0)) }
            }
        }.sorted { $0.repository.description < $1.repository.description }
    }

    func published(_ repository: MetadataRepository) async throws -> any PublishedMetadata {
        throw LivepatchError(.internalFault, "Nothing is published on trial.")
    }

    func publishedViews() async throws -> [TierName] { [] }

    func trusted(_ repository: TrustedRepository) async throws -> any MetadataCache {
        if let known = trials.withLock({ $0[repository] }) { return known }
        let new = TrialCache(base: try await base?.trusted(repository), beginning: beginning)
        return trials.withLock { trials in
            if let known = trials[repository] { return known }
            trials[repository] = new
            return new
        }
    }

    func trustedRepositories() async throws -> [TrustedRepository] {
        let before = try await base?.trustedRepositories() ?? []
        return trials.withLock { trials in
            let forgotten = trials.filter { $0.value.base == nil }.keys
            let began = trials.filter { $0.value.written.contents[RoleName.root] != nil }.keys
            return Array(Set(before).subtracting(forgotten).union(began))
        }
    }

    func forget(_ repository: TrustedRepository) async throws {
        trials.withLock { $0[repository] = TrialCache(base: nil, beginning: beginning) }
    }
}

/// What is trusted of one repository on trial.
private struct TrialCache: MetadataCache {
    let base: (any MetadataCache)?
    let beginning: TrustOnTrial.Beginning
    let written = MemoryMetadataCache()

    func read(_ role: String, limit: Int) async throws -> [UInt8]? {
        if let bytes = try await written.read(role, limit: limit) { return bytes }
        switch beginning {
        case .present: return try await base?.read(role, limit: limit)
        case .anchors:
            guard [RoleName.root, TrustAnchors.role].contains(role) else { return nil }
            return try await base?.read(TrustAnchors.role, limit: limit)
        }
    }

    func write(_ document: [UInt8], for role: String) async throws { try await written.write(document, for: role) }
}
