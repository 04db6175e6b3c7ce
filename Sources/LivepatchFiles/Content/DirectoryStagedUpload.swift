import LivepatchKit

/// Content of an unknown digest on its way into a directory.
final class DirectoryStagedUpload: StagedUpload {
    private let limit: Int64
    private let arrival: Arrival

    init(limit: Int64, _ arrival: Arrival) {
        self.limit = limit
        self.arrival = arrival
    }

    /// An upload whose task was ended in between leaves nothing behind.
    deinit { arrival.discardAtOnce() }

    func append(_ bytes: [UInt8]) async throws {
        try await arrival.change { [limit] file in
            guard Int64(bytes.count) <= limit - file.length else {
                throw LivepatchError(.patchTooLarge, "The upload has more than the \(limit) bytes that are taken.")
            }
            try file.append(bytes)
        }
    }

    func seal() async throws -> StoredContent {
        try await arrival.change { StoredContent(digest: $0.hasher.finish(), length: $0.length) }
    }

    func open() async throws -> any StoredContentReader {
        try await arrival.change { try $0.open() }
    }

    func keep() async throws { try await arrival.place(as: try await seal().digest) }

    func discard() async { await arrival.discard() }
}
