/// Looks through a sync's files, and fetches what is missing. It holds one version's list of files at a time.
struct SyncWorker {
    let work: SyncWork
    let resources: SyncRun.Resources
    let progress: SyncProgressMeter

    /// A version whose files are to be looked at.
    private enum Step {
        case changed(SyncWork.Change)
        case incomplete(PatchVersion)
    }

    /// - Parameter account: told, at the end and if it ends early, of what has been done so far.
    func run(account: (SyncHarvest) -> Void) async throws -> SyncHarvest {
        var harvest = SyncHarvest()
        guard !work.isEmpty else { return harvest }
        let steps = work.changed.map(Step.changed) + work.incomplete.map(Step.incomplete)
        try await survey(steps, &harvest)
        await progress.enter(.transferring)
        let ledger = TransferLedger()
        do {
            var rest = steps[...]
            var begun: Set<SHA256Digest> = []
            let excluded = harvest.excluded
            try await resources.transfers.run(
                next: {
                    while let step = rest.popFirst() {
                        let missing = try await files(of: step, excluded).missing.filter { begun.insert($0.digest).inserted }
                        if !missing.isEmpty { return missing }
                    }
                    return []
                },
                report: { event in
                    await ledger.note(event)
                    await progress.note(event)
                })
        } catch {
            await ledger.settle(&harvest)
            account(harvest)
            throw error
        }
        let failed = await ledger.settle(&harvest)
        try await name(failed, steps, &harvest)
        account(harvest)
        return harvest
    }

    /// Counts what there is to do, and finds what must not be done, before the first byte is fetched.
    private func survey(_ steps: [Step], _ harvest: inout SyncHarvest) async throws {
        var seen: Set<SHA256Digest> = []
        var needed: Int64 = 0
        for step in steps {
            let files = try await files(of: step, [])
            if let conflict = files.conflict, case .changed(let change) = step {
                harvest.excluded.insert(change.version)
                harvest.failures.append(
                    .init(
                        file: conflict, code: LivepatchError.Code.patchContentDiffers.rawValue,
                        message:
                            "\(conflict) was imported here with other content than the upstream's; patch \(change.version) was not synced. Sync into a server without imported patches, or give the imported one another version."
                    ))
                continue
            }
            harvest.filtered += files.filtered
            harvest.skipped += files.present
            let missing = files.missing.filter { seen.insert($0.digest).inserted }
            let bytes = missing.reduce(0) { $0 + $1.length }
            needed += bytes
            await progress.plan(files: missing.count, bytes: bytes, skipped: files.present)
        }
        if let free = try await resources.storage.freeBytes() {
            let staged = try await resources.storage.stagedBytes()
            guard needed - min(staged, needed) <= free else {
                throw LivepatchError(
                    .storageFull, "The sync needs \(needed) bytes, and the storage has room for \(free).",
                    suggestion:
                        "Free some space, for example with `livepatch-admin storage gc`, or narrow patch-sync.architectures and flavors."
                )
            }
        }
    }

    private struct Files {
        var missing: [PatchFile] = []
        var present = 0
        var filtered = 0
        /// A file that was imported here with other content.
        var conflict: PatchFileName?
    }

    private func files(of step: Step, _ excluded: Set<PatchVersion>) async throws -> Files {
        var files = Files()
        switch step {
        case .changed(let change):
            if excluded.contains(change.version) { return files }
            let document = try await resources.transfers.patiently {
                try await resources.reader.version(change.version, change.document)
            }
            if change.wasImported {
                let here = Dictionary(
                    uniqueKeysWithValues: try await resources.catalog.files(of: change.version).map {
                        ($0.file.name, $0.file.digest)
                    })
                files.conflict = document.files.first { file in here[file.name].map { $0 != file.digest } ?? false }?.name
            }
            for file in document.files {
                guard work.filters.admits(file.name) else {
                    files.filtered += 1
                    continue
                }
                try await sort(file, into: &files)
            }
        case .incomplete(let version):
            for record in try await resources.catalog.files(of: version)
            where !record.available && work.filters.admits(record.file.name) {
                try await sort(record.file, into: &files)
            }
        }
        return files
    }

    private func sort(_ file: PatchFile, into files: inout Files) async throws {
        if try await resources.storage.length(of: file.digest) == file.length {
            files.present += 1
        } else {
            files.missing.append(file)
        }
    }

    /// One content may have several names: all of them failed, or arrived, with it.
    private func name(
        _ failed: [SHA256Digest: LivepatchError], _ steps: [Step], _ harvest: inout SyncHarvest
    ) async throws {
        for step in steps {
            switch step {
            case .changed(let change) where !failed.isEmpty && !harvest.excluded.contains(change.version):
                for file in try await files(of: step, []).missing {
                    let error = failed[file.digest] ?? LivepatchError(.upstreamFailed, "\(file.name) did not arrive.")
                    harvest.failures.append(SyncRun.failure(error, file: file.name))
                }
            case .incomplete(let version):
                for record in try await resources.catalog.files(of: version)
                where !record.available && work.filters.admits(record.file.name) {
                    if let error = failed[record.file.digest] {
                        harvest.failures.append(SyncRun.failure(error, file: record.file.name))
                    } else {
                        harvest.arrived.append(record.file.name)
                    }
                }
            default: continue
            }
        }
    }
}

/// What the transfers of one sync have done so far.
private actor TransferLedger {
    private var files = 0
    private var bytes: Int64 = 0
    private var failed: [SHA256Digest: LivepatchError] = [:]

    func note(_ event: Transfers.Event) {
        switch event {
        case .bytes(let count, let fetched): if fetched { bytes += count }
        case .done: files += 1
        case .failed(let file, let error): failed[file.digest] = error
        }
    }

    @discardableResult
    func settle(_ harvest: inout SyncHarvest) -> [SHA256Digest: LivepatchError] {
        harvest.files = files
        harvest.bytes = bytes
        return failed
    }
}
