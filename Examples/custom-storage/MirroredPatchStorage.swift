import LivepatchKit

/// Keeps every content twice, in two storages of whatever kind, such as directories on two disks.
///
/// Content is there when both have finished it. It is read from the first side that can give it, so that the loss of a disk interrupts
/// nothing; what is missing on one side is brought back by ``mend()``. An arrival that fails on one side fails: what only one side
/// took would be a mirror in name only.
struct MirroredPatchStorage: PatchStorage {
    let first: any PatchStorage
    let second: any PatchStorage

    // MARK: What is held

    func length(of digest: SHA256Digest) async throws -> Int64? {
        do {
            if let length = try await first.length(of: digest) { return length }
        } catch let error as LivepatchError where Self.isLoss(error) {
            // The other side answers alone.
        }
        return try await second.length(of: digest)
    }

    func open(_ digest: SHA256Digest) async throws -> any StoredContentReader {
        do {
            return try await first.open(digest)
        } catch let error as LivepatchError where error.code == .notFound || Self.isLoss(error) {
            return try await second.open(digest)
        }
    }

    func contents() async throws -> AsyncThrowingStream<StoredContent, any Error> {
        let merged = MergedContents(try await first.contents(), try await second.contents())
        return AsyncThrowingStream { try await merged.next()?.content }
    }

    func remove(_ digest: SHA256Digest) async throws {
        try await first.remove(digest)
        try await second.remove(digest)
    }

    func synchronize() async throws {
        try await first.synchronize()
        try await second.synchronize()
    }

    func freeBytes() async throws -> Int64? {
        let sides = [try await first.freeBytes(), try await second.freeBytes()]
        return sides.compactMap { $0 }.min()
    }

    /// Whether an error means that a side cannot give what it should have.
    private static func isLoss(_ error: LivepatchError) -> Bool {
        error.code == .storageUnavailable || error.code == .storageDamaged
    }

    // MARK: Arrivals

    func stage(_ digest: SHA256Digest, length: Int64) async throws -> any StagedContent {
        let one = try await first.stage(digest, length: length)
        do {
            return MirroredStagedContent(first: one, second: try await second.stage(digest, length: length))
        } catch {
            await one.close()
            throw error
        }
    }

    func stageUpload(limit: Int64) async throws -> any StagedUpload {
        let one = try await first.stageUpload(limit: limit)
        do {
            return MirroredStagedUpload(first: one, second: try await second.stageUpload(limit: limit))
        } catch {
            await one.discard()
            throw error
        }
    }

    @discardableResult func discardStaged(except digests: Set<SHA256Digest>) async throws -> Int64 {
        let freed = try await first.discardStaged(except: digests)
        return try await freed + second.discardStaged(except: digests)
    }

    /// What both sides have: only that much less will have to arrive.
    func stagedBytes() async throws -> Int64 {
        min(try await first.stagedBytes(), try await second.stagedBytes())
    }

    // MARK: Mending

    /// Copies what one side lacks from the other.
    /// - Returns: how many contents were copied.
    @discardableResult func mend() async throws -> Int {
        let merged = MergedContents(try await first.contents(), try await second.contents())
        var mended = 0
        while let (content, holder) = try await merged.next() {
            switch holder {
            case .both: continue
            case .first: try await copy(content, from: first, to: second)
            case .second: try await copy(content, from: second, to: first)
            }
            mended += 1
        }
        try await synchronize()
        return mended
    }

    private func copy(_ content: StoredContent, from source: any PatchStorage, to target: any PatchStorage) async throws {
        let reader = try await source.open(content.digest)
        defer { reader.close() }
        let staged = try await target.stage(content.digest, length: content.length)
        do {
            var offset = await staged.arrived
            while offset < content.length {
                let chunk = try reader.read(at: offset, count: 256 << 10)
                if chunk.isEmpty { break }
                try await staged.append(chunk)
                offset += Int64(chunk.count)
            }
            // This checks the digest, so that damage is never copied.
            try await staged.finish()
        } catch {
            await staged.close()
            throw error
        }
    }
}
