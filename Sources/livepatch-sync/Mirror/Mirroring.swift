import LivepatchConsole
import LivepatchKit

/// Makes a plain directory hold what an upstream offers, and a list of checksums beside it.
struct Mirroring {
    /// What a run did.
    struct Summary: Sendable {
        var outcome = Download.Outcome()
        /// Patch files that the upstream does not offer: deleted, or left.
        var deleted: [String] = []
        var left: [String] = []
        /// Those of the files that were left whose patch version is blocked.
        var blocked: [String] = []
    }

    private let directory: PlainDirectory
    private let deletes: Bool
    private let acceptsRemovals: Bool
    private let verifies: Bool
    private let maximumRemovalShare: Double

    /// - Parameters:
    ///   - deletes: whether files that are no longer offered are deleted.
    ///   - acceptsRemovals: whether that may be more than `maximumRemovalShare` of all.
    ///   - verifies: whether files are hashed that the list of checksums vouches for.
    init(_ directory: PlainDirectory, deletes: Bool, acceptsRemovals: Bool, verifies: Bool, maximumRemovalShare: Double) {
        self.directory = directory
        self.deletes = deletes
        self.acceptsRemovals = acceptsRemovals
        self.verifies = verifies
        self.maximumRemovalShare = maximumRemovalShare
    }

    /// - Throws: ``LivepatchError`` with the codes of storages, and `upstream-shrunken`, before anything is deleted.
    func run(_ offer: Offer, with transfers: Transfers, bar: ProgressBar) async throws -> Summary {
        try await directory.exclusively {
            let vouched = try checksums()
            let outcome = try await Download(into: directory, with: transfers, bar: bar).run(offer.files) { file in
                let name = file.name.description
                guard try directory.length(of: name) == file.length else { return false }
                return try (verifies || vouched.digests[name] != file.digest) ? directory.digest(of: name) == file.digest : true
            }
            var summary = Summary(outcome: outcome)
            let surplus = try surplus(beside: offer)
            if deletes {
                try requireAcceptance(of: surplus.count, left: offer.files.count)
                for name in surplus { try directory.remove(name) }
                summary.deleted = surplus
            } else {
                summary.left = surplus
                summary.blocked = surplus.filter { name in
                    (try? PatchFileName(parsing: name)).map { offer.blocked.contains($0.version) } ?? false
                }
            }
            try write(outcome, vouched, left: summary.left)
            return summary
        }
    }

    /// Patch files that are not offered. Everything else in the directory is none of this program's business.
    private func surplus(beside offer: Offer) throws -> [String] {
        let offered = Set(offer.files.map(\.name.description))
        return try directory.names().filter { !offered.contains($0) && (try? PatchFileName(parsing: $0)) != nil }
    }

    private func requireAcceptance(of count: Int, left: Int) throws {
        guard !acceptsRemovals, Double(count) > maximumRemovalShare * Double(count + left) else { return }
        throw LivepatchError(
            .upstreamShrunken, "\(count) of \(count + left) patch files are no longer offered, and none of them was deleted.",
            suggestion: "If that is meant, run it again with --accept-removals.")
    }

    private func checksums() throws -> ChecksumList {
        guard try directory.length(of: ChecksumList.name) != nil else { return ChecksumList() }
        let reader = try directory.open(ChecksumList.name)
        let bytes = try reader.read(at: 0, count: Int(min(reader.length, 256 << 20)))
        return ChecksumList(parsing: String(decoding: bytes, as: UTF8.self))
    }

    /// Lists what is known to be right: what was fetched or checked, and of the rest what was listed before.
    private func write(_ outcome: Download.Outcome, _ before: ChecksumList, left: [String]) throws {
        var list = ChecksumList()
        for name in left { list.digests[name] = before.digests[name] }
        for file in outcome.complete { list.digests[file.name.description] = file.digest }
        if list != before { try directory.write(Array(list.text.utf8), as: ChecksumList.name) }
        try directory.synchronize()
    }
}
