public import LivepatchKit

/// Patch storage in a directory of its own: content under its digest, arrivals beside it on the same file system, so that content
/// appears by a rename.
///
/// What has been appended to an arrival is in the kernel's hands when the call returns: the end of the process loses none of it. A
/// finished arrival's bytes are on the medium before its name is; the name is after ``synchronize()``. Several processes may use
/// one directory at the same time.
public final class DirectoryPatchStorage: PatchStorage {
    private let layout: StorageLayout
    private let lanes: BlockingLanes
    private let calls: FileCalls
    private let dirty: DirtyDirectories
    private let flush: SharedFlush

    /// Opens the storage, and makes its directories where they are missing (mode 0750).
    /// - Parameters:
    ///   - path: the storage's directory.
    ///   - lanes: how many calls may wait for the medium at the same time.
    /// - Throws: ``LivepatchError`` with the code `storage-unavailable` or `storage-full`.
    public convenience init(at path: String, lanes: Int = 8) throws {
        try self.init(at: path, lanes: lanes, calls: .system)
    }

    init(at path: String, lanes: Int = 8, calls: FileCalls) throws {
        let layout = StorageLayout(path)
        let pool = BlockingLanes("livepatch.storage", count: lanes)
        self.layout = layout
        self.lanes = pool
        self.calls = calls
        flush = SharedFlush(lane: Lane("livepatch.storage.flush"), calls: calls)
        dirty = DirtyDirectories(lane: pool.lane(), calls: calls) {
            try [layout.root, layout.contents.above, layout.contents, layout.staging] + layout.shards()
        }
        do {
            dirty.mark(try layout.contents.makeAll() + layout.staging.makeAll())
        } catch {
            throw error.error
        }
    }

    public func length(of digest: SHA256Digest) async throws -> Int64? {
        try await lanes.run { [layout] in
            guard let status = try FileStatus.of(layout.content(digest)), status.isRegular else { return nil }
            return status.length
        }
    }

    public func held(of contents: [StoredContent]) async throws -> Set<StoredContent> {
        var held: Set<StoredContent> = []
        // Others want the medium as well.
        for start in stride(from: 0, to: contents.count, by: 500) {
            let some = contents[start..<min(start + 500, contents.count)]
            held.formUnion(
                try await lanes.run { [layout] in
                    try some.filter { content in
                        guard let status = try FileStatus.of(layout.content(content.digest)) else { return false }
                        return status.isRegular && status.length == content.length
                    }
                })
        }
        return held
    }

    /// Where content lies, or would lie, so that somebody who owns the directory can give it another name besides. The file is
    /// read-only, and complete whenever it is there.
    public func path(of digest: SHA256Digest) -> String { layout.content(digest) }

    public func stage(_ digest: SHA256Digest, length: Int64) async throws -> any StagedContent {
        guard length >= 0 else { throw LivepatchError(.malformedValue, "Content cannot have \(length) bytes.") }
        let lane = lanes.lane()
        return try await lane.run { [layout, calls, dirty, flush] in
            let file = try ArrivingFile(resuming: digest, length: length, layout: layout, calls: calls)
            let arrival = Arrival("The content \(digest)", file, lane: lane, dirty: dirty, flush: flush)
            return DirectoryStagedContent(digest: digest, length: length, arrival: arrival)
        }
    }

    public func stageUpload(limit: Int64) async throws -> any StagedUpload {
        let lane = lanes.lane()
        return try await lane.run { [layout, calls, dirty, flush] in
            let file = try ArrivingFile(uploadIn: layout, calls: calls)
            return DirectoryStagedUpload(limit: limit, Arrival("An upload", file, lane: lane, dirty: dirty, flush: flush))
        }
    }

    public func open(_ digest: SHA256Digest) async throws -> any StoredContentReader {
        try await lanes.run { [layout] in
            do {
                return try OpenContent(OpenFile(layout.content(digest), for: .reading))
            } catch let fault as FileFault where fault.isMissing {
                throw LivepatchError(.notFound, "The storage holds no content \(digest).")
            }
        }
    }

    public func contents() async throws -> AsyncThrowingStream<StoredContent, any Error> {
        let listing = ContentListing(layout, lane: lanes.lane())
        return AsyncThrowingStream { try await listing.next() }
    }

    public func remove(_ digest: SHA256Digest) async throws {
        try await lanes.run { [layout, dirty] in
            if try layout.shard(digest).delete(digest.description) { dirty.mark([layout.shard(digest)]) }
        }
    }

    @discardableResult public func discardStaged(except digests: Set<SHA256Digest>) async throws -> Int64 {
        try await lanes.run { [layout] in
            var freed: Int64 = 0
            for name in try Self.stagedNames(layout) {
                if let digest = layout.digest(staged: name), digests.contains(digest) { continue }
                do {
                    let file = try OpenFile(layout.staging.file(name), for: .reading)
                    // A locked one is arriving at this moment.
                    guard try file.tryLock(exclusively: true) else { continue }
                    if try layout.staging.delete(name) { freed += try file.status().length }
                } catch let fault as FileFault where fault.isMissing {
                    // It has come to its place in the meantime.
                    continue
                }
            }
            return freed
        }
    }

    public func stagedBytes() async throws -> Int64 {
        try await lanes.run { [layout] in
            try Self.stagedNames(layout).reduce(0) { try $0 + (FileStatus.of(layout.staging.file($1))?.length ?? 0) }
        }
    }

    public func synchronize() async throws { try await dirty.flush() }

    public func freeBytes() async throws -> Int64? {
        try await lanes.run { [layout] in try layout.root.freeBytes() }
    }

    private static func stagedNames(_ layout: StorageLayout) throws -> [String] {
        try layout.staging.names().filter { $0.hasSuffix(StorageLayout.stagedSuffix) }
    }
}
