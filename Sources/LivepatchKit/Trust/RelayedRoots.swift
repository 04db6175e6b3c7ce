import TUF

/// The roots of a repository from the first one on, so that whoever is below can follow them from any of them.
enum RelayedRoots {
    /// More roots than a repository ever has.
    private static let greatestNumber = 1024

    /// All roots up to the one that is trusted, first version first.
    /// - Parameter known: the files that are at hand, by name.
    /// - Throws: ``TUFError`` if one does not follow from the one before, or they do not lead to the trusted one.
    static func collect(
        upTo newest: Int, trusted: [UInt8], known: [String: [UInt8]], from source: UpstreamRepository, limits: ClientLimits
    ) async throws -> [(name: String, bytes: [UInt8])] {
        guard (1...greatestNumber).contains(newest) else {
            throw TUFError(.refused, "It is at its root number \(newest); at most \(greatestNumber) are followed.")
        }
        var roots: [(name: String, bytes: [UInt8])] = []
        var chain: TrustedMetadata?
        for version in 1...newest {
            let name = RepositoryFile.metadata(RoleName.root, version: version).path
            var root = version == newest ? trusted : known[name]
            if root == nil { root = try await source.bytes(name, limit: limits.rootLength) }
            guard let root, root.count <= limits.rootLength else {
                throw TUFError(.unavailable, "It does not have “\(name)”.")
            }
            if chain == nil {
                chain = try TrustedMetadata(trustedRoot: root, startTime: MetadataTime(secondsSince1970: 0))
            } else {
                try chain?.acceptRoot(root)
            }
            roots.append((name: name, bytes: root))
        }
        return roots
    }
}
