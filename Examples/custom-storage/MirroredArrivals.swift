import LivepatchKit

/// Content on its way into both sides. An interruption may have left one side ahead of the other; then it waits until the other has
/// caught up.
struct MirroredStagedContent: StagedContent {
    let first: any StagedContent
    let second: any StagedContent

    var arrived: Int64 {
        get async { min(await first.arrived, await second.arrived) }
    }

    /// What has arrived on one side; nobody reads beyond what has arrived on both.
    func open() async throws -> any StoredContentReader { try await first.open() }

    func append(_ bytes: [UInt8]) async throws {
        let start = await arrived
        for side in [first, second] {
            let ahead = await side.arrived - start
            let rest = bytes.dropFirst(Int(clamping: ahead))
            if !rest.isEmpty { try await side.append(Array(rest)) }
        }
    }

    func restart() async throws {
        try await first.restart()
        try await second.restart()
    }

    func finish() async throws {
        try await first.finish()
        try await second.finish()
    }

    func close() async {
        await first.close()
        await second.close()
    }

    func discard() async {
        await first.discard()
        await second.discard()
    }
}

/// Content on its way into both sides, whose digest becomes known at its end.
struct MirroredStagedUpload: StagedUpload {
    let first: any StagedUpload
    let second: any StagedUpload

    func append(_ bytes: [UInt8]) async throws {
        try await first.append(bytes)
        try await second.append(bytes)
    }

    func seal() async throws -> StoredContent {
        let content = try await first.seal()
        guard try await second.seal() == content else {
            throw LivepatchError(.storageDamaged, "The two sides of the storage received different bytes.")
        }
        return content
    }

    func open() async throws -> any StoredContentReader { try await first.open() }

    func keep() async throws {
        try await first.keep()
        try await second.keep()
    }

    func discard() async {
        await first.discard()
        await second.discard()
    }
}
