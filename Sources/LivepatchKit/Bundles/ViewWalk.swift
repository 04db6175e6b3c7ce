/// Reads all that a view consists of, from the head down to each version's list of files.
struct ViewWalk {
    let reader: any DocumentReader

    /// - Parameter look: shown each version's files, in order of version.
    /// - Returns: the head that was read.
    /// - Throws: what reading throws, and the first thing that the reader refused for itself.
    func run(_ look: (Head, VersionDocument) async throws -> Void) async throws -> Head {
        guard case .head(let head, _) = try await reader.head(unless: nil) else {
            throw LivepatchError(.upstreamMalformed, "There is no head where one was asked for.")
        }
        _ = try await reader.revocations(head.revocations)
        if let coverage = head.coverage { _ = try await reader.coverage(coverage) }
        let tiers = try await reader.tiers(head.tiers)
        var versions: [PatchVersion: DocumentReference] = [:]
        for entry in tiers.tiers {
            for version in try await reader.tier(entry.name, entry.document).versions {
                versions[version.version] = version.document
            }
        }
        if let refusal = await reader.findings().failures.first {
            throw LivepatchError(LivepatchError.Code(rawValue: refusal.code), refusal.message)
        }
        for (version, document) in versions.sorted(by: { $0.key < $1.key }) {
            try await look(head, try await reader.version(version, document))
        }
        return head
    }
}
