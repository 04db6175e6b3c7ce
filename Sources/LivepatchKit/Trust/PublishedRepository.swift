import TUF

/// A repository as it was published last: what its timestamp leads to. What is damaged counts as not there, and is made anew.
struct PublishedRepository: Sendable {
    let files: any PublishedMetadata
    let names: Set<String>
    let timestamp: RoleDocument<TUF.Timestamp>?
    let snapshot: RoleDocument<Snapshot>?
    let targets: RoleDocument<Targets>?

    init(_ files: any PublishedMetadata) async throws {
        self.files = files
        names = Set(try await files.names())
        timestamp = try await files.read(MetadataFile.timestamp).flatMap { RoleDocument(RoleName.timestamp, reading: $0) }
        snapshot = try await Self.read(RoleName.snapshot, timestamp?.body.snapshot, files)
        targets = try await Self.read(RoleName.targets, snapshot?.body.roles[RoleName.targets], files)
    }

    /// A delegated role's document that is stored here.
    func role(_ role: String) async throws -> RoleDocument<Targets>? {
        try await Self.read(role, snapshot?.body.roles[role], files)
    }

    /// The highest version of a role that is listed or stored here; whether anybody saw it does not matter.
    func highestVersion(of role: String) -> Int {
        let file = RepositoryFile.metadata(role, version: nil).path
        let stored = names.compactMap { VersionedName($0) }.filter { $0.file == file }.map(\.version).max() ?? 0
        let present = [timestamp?.role == role ? timestamp?.version : nil, snapshot?.body.roles[role]?.version, stored]
        return present.compactMap { $0 }.max() ?? 0
    }

    private static func read<Body: RoleBody>(
        _ role: String, _ entry: MetadataFileEntry?, _ files: any PublishedMetadata
    ) async throws -> RoleDocument<Body>? {
        guard let entry, let bytes = try await files.read(RepositoryFile.metadata(role, version: entry.version).path),
            let document = RoleDocument<Body>(role, reading: bytes), document.version == entry.version,
            entry.lists(document.reference)
        else { return nil }
        return document
    }
}
