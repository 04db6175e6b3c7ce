package import FoundationEssentials

/// A patch file for exactly one kernel, with what decides who is offered it.
package struct OfferCandidate: Hashable, Sendable {
    package let file: PatchFile
    /// Whether its content is in the storage.
    package let available: Bool
    /// The position of the last tier that its version reaches.
    package let reach: Int
    package let isBlocked: Bool

    package init(file: PatchFile, available: Bool, reach: Int, isBlocked: Bool) {
        self.file = file
        self.available = available
        self.reach = reach
        self.isBlocked = isBlocked
    }

    var version: PatchVersion { file.name.version }
}

/// Chooses what a machine is offered of the files that there are for its kernel.
package struct OfferSelection: Hashable, Sendable {
    package enum Outcome: Hashable, Sendable {
        case offer(PatchFile)
        case none(CheckInAnswer.Reason)
    }

    /// The position of the machine's tier; `nil` if the tier is gone.
    package var tier: Int?
    /// The version that the machine has applied, unless that is blocked: it is never offered an older one.
    package var floor: PatchVersion?
    /// Nothing that was released after this.
    package var cutoff: Date?
    /// Nothing that was released after this, because it would be too young.
    package var ripe: Date?

    package init(tier: Int?, floor: PatchVersion?, cutoff: Date?, ripe: Date?) {
        self.tier = tier
        self.floor = floor
        self.cutoff = cutoff
        self.ripe = ripe
    }

    /// - Parameter candidates: all files for exactly the machine's kernel, the newest first.
    package func choose(among candidates: [OfferCandidate]) -> Outcome {
        // Each step leaves out what cannot be offered for one reason; the step that leaves nothing tells why there is no offer.
        guard !candidates.isEmpty else { return .none(.kernelUnknown) }
        let placed = candidates.filter { tier.map($0.reach.isAtLeast) ?? false }
        guard !placed.isEmpty else { return .none(.notInTier) }
        let current = placed.filter { candidate in floor.map { candidate.version >= $0 } ?? true }
        guard !current.isEmpty else { return .none(.appliedIsNewer) }
        let good = current.filter { !$0.isBlocked }
        guard !good.isEmpty else { return .none(.blocked) }
        let early = good.filter { candidate in cutoff.map { candidate.file.released <= $0 } ?? true }
        guard !early.isEmpty else { return .none(.cutoffDate) }
        let old = early.filter { candidate in ripe.map { candidate.file.released <= $0 } ?? true }
        guard !old.isEmpty else { return .none(.patchDelay) }
        guard let chosen = old.first(where: \.available) else { return .none(.contentMissing) }
        return .offer(chosen.file)
    }
}

extension Int {
    fileprivate func isAtLeast(_ other: Int) -> Bool { self >= other }
}
