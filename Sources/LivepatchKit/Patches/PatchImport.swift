public import FoundationEssentials

/// Takes patch files in, where they enter a chain: nothing gets into the catalogue that is not what its name says.
public struct PatchImport: Sendable {
    /// What became of a file.
    public struct Receipt: Hashable, Sendable {
        public let file: PatchFile
        /// `false` if exactly this file was there already.
        public let added: Bool
        public let inspected: InspectedPatch
    }

    private let catalog: any Catalog
    private let storage: any PatchStorage
    private let archive: any PatchArchiveReader
    private let lock: any StorageLock
    private let limits: PatchArchiveLimits
    private let upstream: String?
    private let now: @Sendable () -> Date

    /// - Parameters:
    ///   - lock: held shared from the arrival of content until the catalogue refers to it.
    ///   - upstream: where this server's patches come from; imports are refused then. `nil` for an origin.
    ///   - now: the current time.
    public init(
        catalog: any Catalog, storage: any PatchStorage, archive: any PatchArchiveReader, lock: any StorageLock,
        limits: PatchArchiveLimits = PatchArchiveLimits(), upstream: String? = nil, now: @escaping @Sendable () -> Date
    ) {
        self.catalog = catalog
        self.storage = storage
        self.archive = archive
        self.lock = lock
        self.limits = limits
        self.upstream = upstream
        self.now = now
    }

    /// Takes a file in.
    /// - Parameters:
    ///   - filename: the file's name, which says what it fits.
    ///   - metadata: what the importer says; it goes before the archive's `patch.json`.
    ///   - chunks: the tarball.
    ///   - actor: who imports, for the history.
    /// - Throws: ``LivepatchError`` with the reason why the file is refused (`patch-…`), `import-refused` on a server that syncs,
    ///   or what storage and catalogue fail with.
    public func receive<Chunks: AsyncSequence & Sendable>(
        _ filename: String, metadata: PatchMetadata, chunks: Chunks, by actor: String
    ) async throws -> Receipt where Chunks.Element == [UInt8] {
        if let upstream {
            throw LivepatchError(
                .importRefused, "Patches enter this chain at its origin, not here: this server syncs them from \(upstream).",
                suggestion: "Import into the origin, or set patch-sync.enabled=false to make this server one.")
        }
        let name = try PatchFileName(parsing: filename)
        try metadata.validate()
        return try await lock.withShared {
            let upload = try await storage.stageUpload(limit: limits.archiveBytes)
            do {
                for try await chunk in chunks { try await upload.append(chunk) }
                let receipt = try await take(upload, as: name, metadata, by: actor)
                return receipt
            } catch {
                await upload.discard()
                throw error
            }
        }
    }

    private func take(
        _ upload: any StagedUpload, as name: PatchFileName, _ metadata: PatchMetadata, by actor: String
    ) async throws -> Receipt {
        let content = try await upload.seal()
        let inspected = try await inspect(upload, as: name)
        let said = metadata.completed(by: inspected.metadata)
        let known = try await catalog.file(name)
        if let known, known.file.digest != content.digest {
            throw LivepatchError(
                .patchContentDiffers, "\(name) is in the catalogue already, with other content (SHA-256 \(known.file.digest)).",
                suggestion: "A patch file never changes: publish the new build as the next revision of the patch version.")
        }
        let time = now()
        // Who imports the same file again says nothing new: what was released stays as it was released.
        let file =
            known?.file
            ?? PatchFile(
                name: name, length: content.length, digest: content.digest,
                released: Timestamp.wholeSecond(said.released ?? time), cves: said.cves ?? [])
        try await upload.keep()
        try await storage.synchronize()
        let added = try await catalog.add(
            file, entry: ChangeEntry(time: time, actor: actor, action: "patch import \(name)"))
        return Receipt(file: file, added: added, inspected: inspected)
    }

    private func inspect(_ upload: any StagedUpload, as name: PatchFileName) async throws -> InspectedPatch {
        let reader = try await upload.open()
        defer { reader.close() }
        do {
            let contents = try await archive.contents(of: reader, limits: limits)
            return try PatchInspection.inspect(contents, as: name)
        } catch let error as LivepatchError where !error.message.contains(name.description) {
            throw LivepatchError(error.code, "\(name): \(error.message)", suggestion: error.suggestion, cause: error.cause)
        }
    }
}
