/// Hashes everything that the catalogue refers to, and has what is wrong fetched again.
struct StorageInspection {
    let care: StorageCare
    let progress: @Sendable (StorageProgress) -> Void

    func run(repair: Bool, by actor: String) async throws -> StorageVerification {
        var result = StorageVerification()
        let versions = try await care.catalog.versions()
        var state = StorageProgress(
            total: versions.reduce(0) { $0 + $1.files }, bytesTotal: versions.reduce(0) { $0 + $1.bytes })
        progress(state)
        var wrong: [PatchFile] = []
        for version in versions {
            for record in try await care.catalog.files(of: version.version) {
                try Task.checkCancellation()
                state.done += 1
                state.bytesDone += record.file.length
                if record.isAwaited, try await care.storage.length(of: record.file.digest) == nil {
                    result.awaited = (result.awaited ?? 0) + 1
                    progress(state)
                    continue
                }
                let finding = try await look(at: record.file)
                result.files += 1
                result.bytes += finding?.fault == .missing ? 0 : record.file.length
                if let finding {
                    result.findings.append(finding)
                    wrong.append(record.file)
                } else if !record.available || record.isAwaited {
                    try await care.catalog.setAvailable(true, [record.file.name])
                }
                progress(state)
            }
        }
        guard !wrong.isEmpty else { return result }
        try await care.catalog.setAvailable(false, wrong.map(\.name))
        if repair { try await fetch(wrong, &result) }
        return result
    }

    private func look(at file: PatchFile) async throws -> StorageVerification.Finding? {
        let reader: any StoredContentReader
        do {
            reader = try await care.storage.open(file.digest)
        } catch let error as LivepatchError where error.code == .notFound {
            return .init(file: file.name, digest: file.digest, fault: .missing)
        }
        defer { reader.close() }
        var hasher = ContentHasher()
        do {
            for try await chunk in ReaderChunks(reader: reader) { hasher.update(chunk) }
        } catch let error as LivepatchError {
            return .init(file: file.name, digest: file.digest, fault: .unreadable, reason: error.message)
        }
        let isWhole = hasher.length == file.length && hasher.finish() == file.digest
        return isWhole ? nil : .init(file: file.name, digest: file.digest, fault: .damaged)
    }

    private func fetch(_ files: [PatchFile], _ result: inout StorageVerification) async throws {
        guard let repairs = care.repairs else { return }
        var rest = Dictionary(files.map { ($0.digest, $0) }) { first, _ in first }.values.sorted { $0.name < $1.name }
        for digest in rest.map(\.digest) { try await care.storage.remove(digest) }
        let failures = RepairLedger()
        do {
            try await repairs.run(
                next: {
                    defer { rest = [] }
                    return rest
                },
                report: { event in if case .failed(let file, let error) = event { await failures.note(file.digest, error) } })
        } catch let error as LivepatchError {
            await failures.giveUp(error)
        }
        try await care.storage.synchronize()
        for index in result.findings.indices {
            let finding = result.findings[index]
            if try await care.storage.length(of: finding.digest) != nil {
                result.findings[index].repaired = true
                try await care.catalog.setAvailable(true, [finding.file])
            } else {
                result.findings[index].reason = await failures.reason(finding.digest)
            }
        }
    }
}

/// Why content could not be repaired.
private actor RepairLedger {
    private var errors: [SHA256Digest: LivepatchError] = [:]
    private var end: LivepatchError?

    func note(_ digest: SHA256Digest, _ error: LivepatchError) { errors[digest] = error }
    func giveUp(_ error: LivepatchError) { end = error }
    func reason(_ digest: SHA256Digest) -> String? { (errors[digest] ?? end)?.description }
}
