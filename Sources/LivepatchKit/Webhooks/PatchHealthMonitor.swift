public import FoundationEssentials

/// Notices that more machines than usual fail to apply a patch version, once for each version and tier until they no longer do.
public struct PatchHealthMonitor: WebhookMonitor {
    /// How many failures are too many.
    public struct Threshold: Hashable, Sendable {
        /// So many machines of a tier, or more, are too many, whatever their share.
        public var machines: Int
        /// This share of the machines that have the version, or tried, from 0 to 1, is too much, as soon as there are
        /// ``leastForShare`` failures.
        public var share: Double
        /// How many failures there have to be for their share to count.
        public var leastForShare = 2

        public init(machines: Int = 10, share: Double = 0.1) {
            self.machines = machines
            self.share = share
        }

        func isExceeded(failed: Int, of machines: Int) -> Bool {
            failed >= self.machines || failed >= leastForShare && Double(failed) > share * Double(machines)
        }
    }

    /// How many of a tier's newest versions are looked at.
    static let newest = 20

    private let machines: any MachineStore
    private let tiers: TierStateCache
    private let threshold: Threshold

    public init(machines: any MachineStore, tiers: TierStateCache, threshold: Threshold = Threshold()) {
        self.machines = machines
        self.tiers = tiers
        self.threshold = threshold
    }

    public var kind: String { "patch health" }
    public var types: [WebhookEventType] { [.healthDegraded, .healthRecovered] }

    public func conditions(known: Set<String>, at time: Date) async throws -> [WebhookCondition] {
        let state = try await tiers.current().state
        var conditions: [WebhookCondition] = []
        for tier in state.tiers {
            // What failed once is followed to its end, blocked or not.
            let followed = known.compactMap { Subject(key: $0) }.filter { $0.tier == tier }.map(\.version)
            for version in Set(state.members(of: tier).suffix(Self.newest) + followed).sorted() {
                let subject = Subject(version: version, tier: tier)
                let health = try await health(of: subject)
                guard threshold.isExceeded(failed: health.failed, of: health.machines) else { continue }
                conditions.append(WebhookCondition(key: subject.key, notice: WebhookNotice(.healthDegraded, health)))
            }
        }
        return conditions
    }

    public func recovery(of key: String) async throws -> WebhookNotice? {
        guard let subject = Subject(key: key) else { return nil }
        return WebhookNotice(.healthRecovered, try await health(of: subject))
    }

    fileprivate struct Subject {
        let version: PatchVersion
        let tier: TierName

        var key: String { "\(version) \(tier)" }
    }

    private func health(of subject: Subject) async throws -> FailingPatch {
        var query = MachineQuery()
        query.tier = subject.tier
        query.patchVersion = subject.version
        query.states = PatchState.allCases.filter(\.isPatchFailure)
        let failed = try await machines.count(query)
        // Most often nobody failed, and who else there is does not matter.
        guard failed > 0 else { return FailingPatch(version: subject.version, tier: subject.tier, failed: 0, machines: 0) }
        query.states = []
        return FailingPatch(
            version: subject.version, tier: subject.tier, failed: failed, machines: try await machines.count(query))
    }
}

extension PatchHealthMonitor.Subject {
    fileprivate init?(key: String) {
        let parts = key.split(separator: " ")
        guard parts.count == 2, let version = try? PatchVersion(parsing: String(parts[0])),
            let tier = try? TierName(parsing: String(parts[1]))
        else { return nil }
        self.init(version: version, tier: tier)
    }
}

extension PatchState {
    /// Whether the patch, and not the way to the server, is what failed.
    fileprivate var isPatchFailure: Bool { self == .applyFailed || self == .appliedWithBug }
}
