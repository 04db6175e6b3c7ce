import LivepatchKit

/// Walks through the content in order of digest, one shard at a time.
actor ContentListing {
    private let layout: StorageLayout
    private let lane: Lane
    private var shards: ArraySlice<Folder>?
    /// What is left of the shard at hand.
    private var current: ArraySlice<StoredContent> = []

    init(_ layout: StorageLayout, lane: Lane) {
        self.layout = layout
        self.lane = lane
    }

    /// The next content; `nil` after the last.
    func next() async throws -> StoredContent? {
        var rest: ArraySlice<Folder>
        if let shards {
            rest = shards
        } else {
            rest = try await lane.run { [layout] in try layout.shards() }[...]
        }
        while current.isEmpty, let shard = rest.popFirst() {
            try Task.checkCancellation()
            current = try await lane.run { try Self.contents(of: shard) }[...]
        }
        shards = rest
        return current.popFirst()
    }

    /// What is not named by a digest, or lies in another digest's shard, is not content.
    private static func contents(of shard: Folder) throws -> [StoredContent] {
        try shard.names().compactMap { name in
            guard name.hasPrefix(shard.name), let digest = try? SHA256Digest(parsing: name),
                let status = try FileStatus.of(shard.file(name)), status.isRegular
            else { return nil }
            return StoredContent(digest: digest, length: status.length)
        }
    }
}
