import LivepatchKit

/// Content of a known digest on its way into a directory.
struct DirectoryStagedContent: StagedContent {
    let digest: SHA256Digest
    let length: Int64
    let arrival: Arrival

    var arrived: Int64 {
        get async { arrival.length }
    }

    func open() async throws -> any StoredContentReader {
        try await arrival.change { [length] in try $0.openArriving(length: length) }
    }

    func append(_ bytes: [UInt8]) async throws {
        try await arrival.change { [length, digest] file in
            guard Int64(bytes.count) <= length - file.length else {
                // Whoever sends too much may have sent anything before.
                try file.restart()
                throw LivepatchError(
                    .lengthMismatch, "More than the announced \(length) bytes arrive for the content \(digest).",
                    suggestion: "What has arrived was thrown away.")
            }
            try file.append(bytes)
        }
    }

    func restart() async throws {
        try await arrival.change { try $0.restart() }
    }

    func finish() async throws {
        if let wrong = try arrival.look({ fault(of: $0) }) {
            try await restart()
            throw wrong
        }
        try await arrival.place(as: digest)
    }

    /// What is wrong with what has arrived; `nil` for nothing.
    private func fault(of file: ArrivingFile) -> LivepatchError? {
        guard file.length == length else {
            return LivepatchError(
                .lengthMismatch, "\(file.length) bytes arrived for the content \(digest), and \(length) were announced.",
                suggestion: "What has arrived was thrown away.")
        }
        let actual = file.hasher.finish()
        guard actual == digest else {
            return LivepatchError(
                .digestMismatch, "What arrived for the content \(digest) has the SHA-256 \(actual).",
                suggestion: "What has arrived was thrown away.")
        }
        return nil
    }

    func close() async { await arrival.close() }

    func discard() async { await arrival.discard() }
}
