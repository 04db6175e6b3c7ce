public import FoundationEssentials

/// Some of a server's files, as a backup takes them along.
///
/// Errors are ``LivepatchError``s of the medium: `storage-unavailable`, `storage-full`, `database-unavailable`.
public protocol BackupPart: Sendable {
    /// Opens all files of the part in the state of one moment; what happens to them afterwards does not change what is read.
    func open() async throws -> [BackupEntry]
}

/// A file that is open to be taken along.
public struct BackupEntry: Sendable {
    public let member: BackupMember
    public let content: any StoredContentReader

    public init(_ member: BackupMember, _ content: any StoredContentReader) {
        self.member = member
        self.content = content
    }
}

/// Takes backups of a server while it works. One at a time.
public actor BackupTaking {
    /// What a backup is to hold beyond the database and what is signed and trusted.
    public struct Demand: Sendable {
        /// Encrypts the server's keys; `nil` to leave them out.
        public var key: BackupKey?
        /// Whether the content of patch files goes along.
        public var includesPatches: Bool

        public init(key: BackupKey? = nil, includesPatches: Bool = false) {
            self.key = key
            self.includesPatches = includesPatches
        }
    }

    private let deployment: DeploymentID
    private let release: String
    private let files: [any BackupPart]
    private let keys: any BackupPart
    private let storage: any PatchStorage
    private let lock: any StorageLock
    private let now: @Sendable () -> Date
    private var isBusy = false

    /// - Parameters:
    ///   - files: what every backup holds, in the order in which it is read. What the database refers to comes before the
    ///     database only if it may be older.
    ///   - keys: the server's keys.
    ///   - lock: the storage's, so that nothing is collected that the backup refers to.
    public init(
        deployment: DeploymentID, release: String, files: [any BackupPart], keys: any BackupPart, storage: any PatchStorage,
        lock: any StorageLock, now: @escaping @Sendable () -> Date
    ) {
        self.deployment = deployment
        self.release = release
        self.files = files
        self.keys = keys
        self.storage = storage
        self.lock = lock
        self.now = now
    }

    /// Fixes the state that the backup is of. What was acknowledged before this call is in it.
    /// - Throws: ``LivepatchError`` with the code `storage-busy` while another backup is taken, and those of the parts.
    public func begin(_ demand: Demand) async throws -> OpenBackup {
        guard !isBusy else {
            throw LivepatchError(
                .storageBusy, "Another backup of this server is being taken.", suggestion: "Wait until it has ended.")
        }
        isBusy = true
        do {
            return try await lock.withShared { try await open(demand) }
        } catch {
            isBusy = false
            throw error
        }
    }

    private func open(_ demand: Demand) async throws -> OpenBackup {
        let created = Timestamp.wholeSecond(now())
        var entries: [BackupEntry] = []
        for part in files { entries += try await part.open() }
        if let key = demand.key {
            for entry in try await keys.open() {
                let name = entry.member.name
                let bytes = try key.seal(try entry.content.read(at: 0, count: Int(entry.content.length)), as: name)
                entry.content.close()
                entries.append(BackupEntry(entry.member, BytesInMemory(bytes)))
            }
        }
        var members: [BackupManifest.Member] = []
        for entry in entries {
            members.append(
                .init(
                    name: entry.member.name, length: entry.content.length,
                    digest: try await Self.digest(of: entry.content)))
        }
        var contents: [StoredContent] = []
        if demand.includesPatches {
            for try await content in try await storage.contents() { contents.append(content) }
            members += contents.map { .init(name: BackupMember.content($0.digest).name, length: $0.length, digest: $0.digest) }
        }
        return OpenBackup(
            manifest: BackupManifest(
                created: created, deployment: deployment, release: release, keys: demand.key?.derivation,
                includesPatches: demand.includesPatches, members: members),
            entries: entries, contents: contents, storage: storage, lock: lock, ended: { [weak self] in await self?.end() })
    }

    private func end() { isBusy = false }

    @concurrent private static func digest(of content: any StoredContentReader) async throws -> SHA256Digest {
        var hasher = ContentHasher()
        while hasher.length < content.length {
            hasher.update(try content.read(at: hasher.length, count: OpenBackup.chunkSize))
        }
        return hasher.finish()
    }
}

/// A backup whose state is fixed, to be written once. Whoever lets go of it without writing it calls ``close()``.
public struct OpenBackup: Sendable {
    static let chunkSize = 1 << 20

    public let manifest: BackupManifest
    let entries: [BackupEntry]
    let contents: [StoredContent]
    let storage: any PatchStorage
    let lock: any StorageLock
    let ended: @Sendable () async -> Void

    /// Writes all of it, and ends the sink.
    /// - Throws: what sink and medium throw; `not-found` if content has been deleted meanwhile.
    @concurrent public func write(to sink: any BundleSink) async throws {
        do {
            let manifest = try DocumentCoding.encode(manifest)
            try await sink.begin(BackupMember.manifest, length: Int64(manifest.count))
            try await sink.append(manifest)
            for entry in entries { try await Self.copy(entry.content, as: entry.member, to: sink) }
            // Nothing is collected meanwhile.
            try await lock.withShared {
                for content in contents {
                    let reader = try await storage.open(content.digest)
                    defer { reader.close() }
                    try await Self.copy(reader, as: .content(content.digest), to: sink)
                }
            }
            try await sink.finish()
        } catch {
            await close()
            throw error
        }
        await close()
    }

    public func close() async {
        for entry in entries { entry.content.close() }
        await ended()
    }

    private static func copy(_ content: any StoredContentReader, as member: BackupMember, to sink: any BundleSink) async throws {
        try await sink.begin(member.name, length: content.length)
        var offset: Int64 = 0
        while offset < content.length {
            let bytes = try content.read(at: offset, count: chunkSize)
            offset += Int64(bytes.count)
            try await sink.append(bytes)
        }
    }
}

/// Bytes that are read as content.
public struct BytesInMemory: StoredContentReader {
    private let bytes: [UInt8]

    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    public var length: Int64 { Int64(bytes.count) }

    public func read(at offset: Int64, count: Int) throws -> [UInt8] {
        guard offset >= 0, offset < length, count > 0 else { return [] }
        return Array(bytes[Int(offset)..<min(bytes.count, Int(offset) + count)])
    }

    public func close() {}
}
