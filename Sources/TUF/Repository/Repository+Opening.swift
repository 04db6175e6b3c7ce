extension Repository {
    /// A repository that was published before, to go on with.
    /// - Throws: ``TUFError`` with code ``TUFError/Code/unavailable`` if a document is missing, and as a client would if one is not
    ///   signed as it should be, or not the one that another one names. Expired ones are welcome.
    public init(opening storage: any RepositoryStorage, lifetimes: Lifetimes = Lifetimes()) async throws {
        self.init(lifetimes: lifetimes)
        let document = try await Self.read(.metadata(RoleName.root, version: nil), from: storage)
        var trusted = try TrustedMetadata(trustedRoot: document, startTime: MetadataTime(secondsSince1970: .min))
        root = trusted.root
        publishedRoot = root.signed
        let isConsistent = root.signed.usesConsistentSnapshots
        let stamp = try await Self.read(.metadata(RoleName.timestamp, version: nil), from: storage)
        _ = try trusted.acceptTimestamp(stamp)
        timestamp = try Metadata(stamp)
        let version = timestamp.signed.snapshot.version
        let shot = try await Self.read(.metadata(RoleName.snapshot, version: isConsistent ? version : nil), from: storage)
        try trusted.acceptSnapshot(shot)
        snapshot = try Metadata(shot)
        roles = [:]
        for (role, entry) in snapshot.signed.roles.sorted {
            let document = try await Self.read(.metadata(role, version: isConsistent ? entry.version : nil), from: storage)
            try entry.check(document, of: role)
            roles[role] = try Metadata(document)
        }
        for (role, metadata) in roles.sorted {
            for delegator in delegators(of: role) {
                try metadata.verify(by: delegator.keys, keys: delegator.table, name: role)
            }
        }
        listsHashes = timestamp.signed.snapshot.hashes != nil
        changed = []
    }

    private static func read(_ file: RepositoryFile, from storage: any RepositoryStorage) async throws -> [UInt8] {
        guard let document = try await storage.read(file) else {
            throw TUFError(.unavailable, "The repository does not have “\(file.path)”.")
        }
        return document
    }
}
