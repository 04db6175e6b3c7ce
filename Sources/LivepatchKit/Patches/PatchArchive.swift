/// Opens tarballs.
public protocol PatchArchiveReader: Sendable {
    /// Looks through a `.tar.bz2` and takes out what an import needs. Works where it may block.
    /// - Throws: ``LivepatchError`` with the codes `patch-archive-invalid`, `patch-truncated`, `patch-too-large`, and
    ///   `patch-module-invalid` for a compressed module that cannot be unpacked.
    func contents(of archive: any StoredContentReader, limits: PatchArchiveLimits) async throws -> PatchArchiveContents
}

/// Bounds on what an archive may unpack to, so that a small file cannot fill the memory.
public struct PatchArchiveLimits: Hashable, Sendable {
    /// The archive itself, in bytes.
    public var archiveBytes: Int64
    /// Everything in it together, in bytes.
    public var unpackedBytes: Int64
    /// A module, in bytes; both as it lies in the archive and, if it is compressed by itself, unpacked.
    public var moduleBytes: Int64
    /// `patch.json`, in bytes.
    public var metadataBytes: Int64
    /// The number of entries.
    public var entries: Int

    public init(
        archiveBytes: Int64 = 256 << 20, unpackedBytes: Int64 = 512 << 20, moduleBytes: Int64 = 128 << 20,
        metadataBytes: Int64 = 1 << 20, entries: Int = 1000
    ) {
        self.archiveBytes = archiveBytes
        self.unpackedBytes = unpackedBytes
        self.moduleBytes = moduleBytes
        self.metadataBytes = metadataBytes
        self.entries = entries
    }
}

/// What an import needs from an archive.
public struct PatchArchiveContents: Hashable, Sendable {
    /// What the names of modules end in: as the kernel's build system makes them, and compressed as distributions install them.
    public static let moduleSuffixes = [".ko", ".ko.gz", ".ko.xz", ".ko.zst"]

    /// A file of the archive.
    public struct Entry: Hashable, Sendable {
        public let path: String
        public let bytes: [UInt8]

        public init(path: String, bytes: [UInt8]) {
            self.path = path
            self.bytes = bytes
        }
    }

    /// The regular files whose names end in one of ``moduleSuffixes``, unpacked if they are compressed by themselves. More than one is
    /// an error, so of the second and later only the path is kept.
    public let modules: [Entry]
    /// The file named `patch.json`, in whatever directory.
    public let metadata: Entry?

    public init(modules: [Entry], metadata: Entry?) {
        self.modules = modules
        self.metadata = metadata
    }
}
