/// A backup that is read.
public struct Backup: Sendable {
    /// The most bytes of a list that is read.
    private static let manifestLimit: Int64 = 256 << 20
    /// The most bytes of a file that is encrypted.
    private static let keyLimit: Int64 = 1 << 20
    private static let chunkSize = 1 << 20

    public let manifest: BackupManifest
    private let archive: any BundleArchive

    /// Reads a backup's list, and compares it with what is there.
    /// - Throws: ``LivepatchError`` with the code `backup-invalid`.
    public init(_ archive: any BundleArchive) throws {
        self.archive = archive
        guard archive.first == BackupMember.manifest, let length = archive.lengths[BackupMember.manifest] else {
            throw LivepatchError.damagedBackup("it does not begin with '\(BackupMember.manifest)'")
        }
        guard length <= Self.manifestLimit else { throw LivepatchError.damagedBackup("its list has \(length) bytes") }
        manifest = try Self.manifest(try archive.read(BackupMember.manifest, at: 0, count: Int(length)))
        var rest = archive.lengths
        rest[BackupMember.manifest] = nil
        for member in manifest.members {
            guard BackupMember(name: member.name) != nil else {
                throw LivepatchError.damagedBackup("its list names '\(member.name)', which no data directory has")
            }
            guard let length = rest.removeValue(forKey: member.name) else {
                throw LivepatchError.damagedBackup("it lacks '\(member.name)', or lists it twice")
            }
            guard length == member.length else {
                throw LivepatchError.damagedBackup("'\(member.name)' has \(length) bytes, and its list says \(member.length)")
            }
        }
        if let stranger = rest.keys.min() { throw LivepatchError.damagedBackup("its list does not have '\(stranger)'") }
        guard manifest.members.contains(where: { $0.name == BackupMember.databaseName }) else {
            throw LivepatchError.damagedBackup("it has no database")
        }
    }

    private static func manifest(_ bytes: [UInt8]) throws -> BackupManifest {
        struct Format: Decodable {
            let format: Int
        }
        do {
            let format = try DocumentCoding.decode(Format.self, from: bytes).format
            guard format == BackupManifest.currentFormat else {
                throw LivepatchError(
                    .backupInvalid,
                    "The backup has the format \(format), and this release reads only \(BackupManifest.currentFormat).",
                    suggestion: "Use the release that took it, or a later one.")
            }
            return try DocumentCoding.decode(BackupManifest.self, from: bytes)
        } catch let error as DecodingError {
            throw LivepatchError.damagedBackup("its list cannot be read: \(DocumentCoding.reason(error))")
        }
    }

    /// Compares every byte with the list's digests. Blocks while the medium is read.
    /// - Parameters:
    ///   - key: decrypts the keys, to be sure that it can; `nil` to leave them encrypted.
    ///   - progress: told of bytes that have been read since it was told last.
    /// - Throws: ``LivepatchError`` with the codes `backup-invalid` and `backup-locked`.
    @concurrent public func verify(
        key: BackupKey? = nil, progress: @Sendable (Int64) -> Void = { _ in }
    ) async throws {
        for member in manifest.members {
            var hasher = ContentHasher()
            try pieces(of: member) { bytes in
                try Task.checkCancellation()
                hasher.update(bytes)
                progress(Int64(bytes.count))
            }
            guard hasher.finish() == member.digest else {
                throw LivepatchError.damagedBackup("'\(member.name)' is not what was written there")
            }
            if let key, case .key = BackupMember(name: member.name) { _ = try self.key(member, with: key) }
        }
    }

    /// Hands over a member's bytes, in order.
    public func pieces(of member: BackupManifest.Member, _ body: ([UInt8]) throws -> Void) throws {
        var offset: Int64 = 0
        while offset < member.length {
            let bytes = try archive.read(member.name, at: offset, count: Self.chunkSize)
            guard !bytes.isEmpty else { throw LivepatchError.damagedBackup("'\(member.name)' was cut off") }
            try body(bytes)
            offset += Int64(bytes.count)
        }
    }

    /// At most `count` bytes of a member.
    public func read(_ member: BackupManifest.Member, at offset: Int64, count: Int) throws -> [UInt8] {
        try archive.read(member.name, at: offset, count: count)
    }

    /// The bytes of a file of the server's keys.
    /// - Throws: ``LivepatchError`` with the codes `backup-invalid` and `backup-locked`.
    public func key(_ member: BackupManifest.Member, with key: BackupKey) throws -> [UInt8] {
        guard member.length <= Self.keyLimit else { throw LivepatchError.damagedBackup("'\(member.name)' is too long for a key") }
        return try key.open(archive.read(member.name, at: 0, count: Int(member.length)), as: member.name)
    }

    /// What lists and messages call it.
    public var name: String { "backup of \(manifest.deployment) from \(Timestamp.text(manifest.created))" }
}

extension LivepatchError {
    /// - Parameter reason: what is wrong, as it follows "The backup is damaged:".
    static func damagedBackup(_ reason: String) -> LivepatchError {
        LivepatchError(
            .backupInvalid, "The backup is damaged: \(reason).", suggestion: "Copy it again, or use another one.")
    }
}
