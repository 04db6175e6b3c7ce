public import FoundationEssentials

/// Looks after the storage: reconciles it with the catalogue, finds and repairs damage, and removes what nobody needs.
public struct StorageCare: Sendable {
    let catalog: any Catalog
    let storage: any PatchStorage
    let lock: any StorageLock
    let intake: (folder: any PatchDropFolder, imports: PatchImport)?
    let repairs: Transfers?
    let filter: SyncFilter
    let now: @Sendable () -> Date

    /// - Parameters:
    ///   - lock: held shared while content is placed, exclusively while it is removed.
    ///   - intake: the drop folder and what takes its files in; `nil` where there is none.
    ///   - repairs: what fetches damaged content from the upstream again; `nil` at an origin.
    ///   - filter: this server's sync filter; what it does not admit is collected.
    ///   - now: the current time.
    public init(
        catalog: any Catalog, storage: any PatchStorage, lock: any StorageLock,
        intake: (folder: any PatchDropFolder, imports: PatchImport)?, repairs: Transfers?, filter: SyncFilter = .all,
        now: @escaping @Sendable () -> Date
    ) {
        self.catalog = catalog
        self.storage = storage
        self.lock = lock
        self.intake = intake
        self.repairs = repairs
        self.filter = filter
        self.now = now
    }

    /// Hashes the content of every file of the catalogue again. What is damaged or missing is no longer served; what is awaited is
    /// neither.
    /// - Parameters:
    ///   - repair: whether damaged and missing content is fetched from the upstream again.
    ///   - actor: who asks, for the history.
    ///   - progress: told of how far it is.
    public func verify(
        repair: Bool, by actor: String, progress: @escaping @Sendable (StorageProgress) -> Void = { _ in }
    ) async throws -> StorageVerification {
        if repair, repairs == nil {
            throw LivepatchError(
                .syncNotConfigured, "Damaged content cannot be fetched again: this server has no upstream.",
                suggestion: "Verify without --repair, and import the files that it names again.")
        }
        return try await lock.withShared {
            try await StorageInspection(care: self, progress: progress).run(repair: repair, by: actor)
        }
    }

    /// Takes in what lies in the drop folder, and finds out which content has gone missing or is there again.
    public func refresh(
        by actor: String, progress: @escaping @Sendable (StorageProgress) -> Void = { _ in }
    ) async throws -> StorageRefresh {
        var result = StorageRefresh()
        let dropped = try await intake?.folder.candidates() ?? []
        let versions = try await catalog.versions()
        let files = versions.reduce(0) { $0 + $1.files }
        let dropBytes = dropped.reduce(0) { $0 + $1.length }
        var state = StorageProgress(total: dropped.count + files, bytesTotal: dropBytes)
        progress(state)
        for file in dropped {
            try await take(file, by: actor, into: &result)
            state.done += 1
            state.bytesDone += file.length
            progress(state)
        }
        for version in versions {
            try Task.checkCancellation()
            var lost: [PatchFileName] = []
            var found: [PatchFileName] = []
            var arrived: [PatchFileName] = []
            for record in try await catalog.files(of: version.version) {
                let isHere = try await storage.length(of: record.file.digest) == record.file.length
                if record.available, !record.isAwaited, !isHere { lost.append(record.file.name) }
                // It may be what a verification found damaged.
                if !record.available, isHere, try await storage.verifies(record.file) { found.append(record.file.name) }
                if record.isAwaited, isHere { arrived.append(record.file.name) }
                state.done += 1
            }
            try await catalog.setAvailable(false, lost)
            try await catalog.setAvailable(true, found + arrived)
            result.lost += lost
            result.found += found
            progress(state)
        }
        return result
    }

    /// How long ago a file must have been written to for its end to be taken for its end, in seconds.
    private static let settlingTime: Double = 60

    private func take(_ dropped: DroppedFile, by actor: String, into result: inout StorageRefresh) async throws {
        guard let intake else { return }
        let name = dropped.name
        do {
            let reader = try await intake.folder.open(name)
            defer { reader.close() }
            let chunks = ReaderChunks(reader: reader)
            let receipt = try await intake.imports.receive(name, metadata: PatchMetadata(), chunks: chunks, by: actor)
            receipt.added ? result.imported.append(receipt.file.name) : result.known.append(receipt.file.name)
            try await intake.folder.remove(name)
        } catch let error as LivepatchError
            where (error.code == .patchTruncated || error.code == .patchArchiveInvalid)
            && now().timeIntervalSince(dropped.modified) < Self.settlingTime
        {
            let message =
                "\(error.message) It was written to a moment ago, and stays where it is: refresh again when it is complete."
            result.refused.append(.init(file: name, code: error.code.rawValue, message: message))
        } catch let error as LivepatchError where error.code.rawValue.hasPrefix("patch-") {
            result.refused.append(.init(file: name, code: error.code.rawValue, message: error.description))
            try await intake.folder.refuse(name, reason: error.description)
        }
    }

    /// Removes from the catalogue what the sync filter no longer admits, and from the storage what no file refers to and what
    /// interrupted transfers left behind.
    /// - Parameter dryRun: whether it is only said what would be removed.
    public func collect(
        dryRun: Bool, by actor: String, progress: @escaping @Sendable (StorageProgress) -> Void = { _ in }
    ) async throws -> StorageCollection {
        try await lock.withExclusive {
            var result = StorageCollection(dryRun: dryRun)
            for version in try await catalog.versions() where version.source == .synced {
                result.files += try await catalog.files(of: version.version).map(\.file.name).filter { !filter.admits($0) }
            }
            let outdated = Set(result.files)
            if !dryRun, !outdated.isEmpty {
                try await catalog.removeFiles(
                    result.files, entry: ChangeEntry(time: now(), actor: actor, action: "storage gc"))
            }
            var state = StorageProgress()
            for try await content in try await storage.contents() {
                try Task.checkCancellation()
                state.done += 1
                let references = try await catalog.files(holding: content.digest).map(\.file.name)
                guard references.allSatisfy(outdated.contains) else { continue }
                result.contents.append(content.digest)
                result.bytes += content.length
                if !dryRun { try await storage.remove(content.digest) }
                progress(state)
            }
            result.stagedBytes = try await dryRun ? storage.stagedBytes() : storage.discardStaged(except: [])
            return result
        }
    }
}

/// Held content as a sequence of chunks.
struct ReaderChunks: AsyncSequence, Sendable {
    typealias Element = [UInt8]

    /// In bytes.
    static let chunkSize = 256 << 10

    let reader: any StoredContentReader

    func makeAsyncIterator() -> Iterator { Iterator(reader: reader) }

    struct Iterator: AsyncIteratorProtocol {
        let reader: any StoredContentReader
        var offset: Int64 = 0

        mutating func next() async throws -> [UInt8]? {
            try Task.checkCancellation()
            // Reading blocks for a moment; whoever else waits for this thread goes first.
            await Task.yield()
            let chunk = try reader.read(at: offset, count: ReaderChunks.chunkSize)
            offset += Int64(chunk.count)
            return chunk.isEmpty ? nil : chunk
        }
    }
}
