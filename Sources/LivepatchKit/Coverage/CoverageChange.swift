/// What an administrator wants of a server's own coverage entries: all of it happens, or nothing.
public struct CoverageChange: Hashable, Sendable, Codable {
    /// Entries that are added, or take the place of those for the same kernels.
    public var set: [KernelCoverage]
    /// Entries that go.
    public var remove: [KernelCoverage.Key]
    /// Whether entries go that are not in ``set``.
    public var replacesAll: Bool

    public init(set: [KernelCoverage] = [], remove: [KernelCoverage.Key] = [], replacesAll: Bool = false) {
        self.set = set
        self.remove = remove
        self.replacesAll = replacesAll
    }
}

extension CoverageChange: CustomStringConvertible {
    /// The command, as `livepatch-admin` takes it.
    public var description: String {
        if set.isEmpty, !replacesAll, remove.count == 1, let key = remove.first { return "kernels coverage remove \(key)" }
        if remove.isEmpty, !replacesAll, set.count == 1, let entry = set.first {
            let build = entry.oldestBuild.map { " --oldest-build \(Timestamp.text($0))" } ?? ""
            return "kernels coverage set \(entry.key) --until \(Timestamp.text(entry.coveredUntil))\(build)"
        }
        return "kernels coverage import\(replacesAll ? " --replace" : "") (\(set.count) entries)"
    }
}

/// What a ``CoverageChange`` does to the entries that are there.
public struct CoveragePlan: Hashable, Sendable, Codable {
    /// An entry that says something else afterwards.
    public struct Change: Hashable, Sendable, Codable {
        public let before: KernelCoverage
        public let after: KernelCoverage
    }

    /// In order, as all of these.
    public let added: [KernelCoverage]
    public let changed: [Change]
    public let removed: [KernelCoverage]
    /// How many entries were to be set that are there already.
    public let unchanged: Int
    /// Whether nothing changes.
    public var isEmpty: Bool { added.isEmpty && changed.isEmpty && removed.isEmpty }

    /// The most entries that a server may have of its own.
    public static let limit = 5000

    /// - Throws: ``LivepatchError`` with the codes `malformed-value` for entries that contradict themselves or each other, and
    ///   `not-found` for one to be removed that is not there.
    public init(_ change: CoverageChange, of table: CoverageTable) throws {
        let before = Dictionary(table.local.map { ($0.key, $0) }) { first, _ in first }
        var after = change.replacesAll ? [:] : before
        for key in change.remove {
            guard before[key] != nil else { throw LivepatchError.noCoverage(key, in: table) }
            after[key] = nil
        }
        var set: Set<KernelCoverage.Key> = []
        for entry in change.set {
            try entry.check()
            guard set.insert(entry.key).inserted else {
                throw LivepatchError(
                    .malformedValue, "There are two entries for \(entry.key).", suggestion: "Keep the one that is right.")
            }
            after[entry.key] = entry
        }
        guard after.count <= Self.limit else {
            throw LivepatchError(
                .malformedValue, "The table would have \(after.count) entries of this server's own, and may have \(Self.limit).",
                suggestion: "Remove entries of kernels that nobody runs any more.")
        }
        let sorted = after.values.sorted { $0.key < $1.key }
        added = sorted.filter { before[$0.key] == nil }
        changed = sorted.compactMap { entry in
            before[entry.key].flatMap { $0 == entry ? nil : Change(before: $0, after: entry) }
        }
        removed = table.local.filter { after[$0.key] == nil }
        unchanged = change.set.count { before[$0.key] == $0 }
    }

    /// What becomes of the entries that the plan was made from. In order.
    func applied(to local: [KernelCoverage]) -> [KernelCoverage] {
        let gone = Set(removed.map(\.key)).union(changed.map(\.before.key))
        return (local.filter { !gone.contains($0.key) } + changed.map(\.after) + added).sorted { $0.key < $1.key }
    }
}

extension LivepatchError {
    fileprivate static func noCoverage(_ key: KernelCoverage.Key, in table: CoverageTable) -> LivepatchError {
        let isUpstreams = table.upstream.contains { $0.key == key }
        return LivepatchError(
            .notFound,
            isUpstreams
                ? "The entry for \(key) is the upstream's, and can only be removed there."
                : "This server has no entry for \(key).",
            suggestion: isUpstreams
                ? "Set one here, with `livepatch-admin kernels coverage set`: it wins over the upstream's."
                : "See `livepatch-admin kernels coverage list`.")
    }
}
