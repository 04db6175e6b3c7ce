/// Looks through a sync's files, and fetches what is missing. It holds one version's list of files at a time, and besides that a bounded
/// number of files that are missing, so that most lists are read once.
struct SyncWorker {
    let work: SyncWork
    let resources: SyncRun.Resources
    let progress: SyncProgressMeter
    /// How many missing files are remembered from the survey on.
    var memory = 10_000

    /// A version whose files are to be looked at.
    private enum Step {
        case changed(SyncWork.Change)
        case incomplete(PatchVersion)
    }

    /// A version of which something is missing.
    private struct Job {
        let step: Step
        /// The missing files; `nil` for a version beyond the bound, whose list is read again.
        let files: [PatchFile]?
        /// Of a version beyond the bound: which contents its missing files have.
        var contents: Set<StoredContent> = []

        func lacks(_ failed: Set<StoredContent>) -> Bool {
            files?.contains { failed.contains($0.content) } ?? !contents.isDisjoint(with: failed)
        }
    }

    /// - Parameter account: told, at the end and if it ends early, of what has been done so far.
    func run(account: (SyncHarvest) -> Void) async throws -> SyncHarvest {
        var harvest = SyncHarvest()
        guard !work.isEmpty else { return harvest }
        let jobs = try await survey(work.changed.map(Step.changed) + work.incomplete.map(Step.incomplete), &harvest)
        if work.mode == .onDemand {
            try await name([:], jobs, &harvest)
            account(harvest)
            return harvest
        }
        await progress.enter(.transferring)
        let ledger = TransferLedger()
        do {
            var rest = jobs[...]
            var begun: Set<StoredContent> = []
            try await resources.transfers.run(
                next: {
                    while let job = rest.popFirst() {
                        let missing = try await missing(of: job).filter { begun.insert($0.content).inserted }
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
        try await name(failed, jobs, &harvest)
        account(harvest)
        return harvest
    }

    /// Counts what there is to do, and finds what must not be done, before the first byte is fetched.
    private func survey(_ steps: [Step], _ harvest: inout SyncHarvest) async throws -> [Job] {
        var jobs: [Job] = []
        var room = memory
        var seen: Set<StoredContent> = []
        var needed: Int64 = 0
        for step in steps {
            let files: Files
            do {
                files = try await self.files(of: step)
            } catch let error as LivepatchError where Self.concernsOneVersion(error) {
                // The other versions are none the worse for it.
                if case .changed(let change) = step { harvest.excluded.insert(change.version) }
                harvest.failures.append(SyncRun.failure(error))
                continue
            }
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
            if work.mode == .onDemand {
                for file in files.missing where harvest.awaited.insert(file.digest).inserted {
                    harvest.awaitedBytes += file.length
                }
                continue
            }
            if !files.missing.isEmpty {
                let fits = files.missing.count <= room
                if fits { room -= files.missing.count }
                jobs.append(
                    Job(
                        step: step, files: fits ? files.missing : nil,
                        contents: fits ? [] : Set(files.missing.map(\.content))))
            }
            let missing = files.missing.filter { seen.insert($0.content).inserted }
            let bytes = missing.reduce(0) { $0 + $1.length }
            needed += bytes
            await progress.plan(files: missing.count, bytes: bytes, skipped: files.present)
        }
        if needed > 0, let free = try await resources.storage.freeBytes() {
            let staged = try await resources.storage.stagedBytes()
            guard needed - min(staged, needed) <= free else {
                throw LivepatchError(
                    .storageFull, "The sync needs \(needed) bytes, and the storage has room for \(free).",
                    suggestion:
                        "Free some space, for example with `livepatch-admin storage gc`, narrow patch-sync.architectures and flavors, or have content fetched when it is asked for (patch-sync.mode)."
                )
            }
        }
        return jobs
    }

    /// What is still missing of a version, as it is now.
    private func missing(of job: Job) async throws -> [PatchFile] {
        guard let remembered = job.files else { return try await files(of: job.step).missing }
        return try await sort(remembered).missing
    }

    /// Whether a version's document could not be had, or was not believed, for reasons of its own.
    private static func concernsOneVersion(_ error: LivepatchError) -> Bool {
        [.upstreamUntrusted, .upstreamLacks].contains(error.code)
    }

    private struct Files {
        var missing: [PatchFile] = []
        var present = 0
        var filtered = 0
        /// A file that was imported here with other content.
        var conflict: PatchFileName?
    }

    private func files(of step: Step) async throws -> Files {
        var files = Files()
        switch step {
        case .changed(let change):
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
            let admitted = document.files.filter { work.filters.admits($0.name) }
            let sorted = try await sort(admitted)
            files.filtered = document.files.count - admitted.count
            files.present = sorted.present
            files.missing = sorted.missing
        case .incomplete(let version):
            let wanting = try await resources.catalog.files(of: version).filter {
                isWanting($0) && work.filters.admits($0.file.name)
            }
            for record in wanting where !record.available { try await discardDamaged(record.file) }
            return try await sort(wanting.map(\.file))
        }
        return files
    }

    /// Whether a file of a version whose document is known has to be looked at.
    private func isWanting(_ record: PatchFileRecord) -> Bool {
        !record.available || (work.mode == .eager && record.isAwaited)
    }

    /// What is held of a file that cannot be served may be what a verification found damaged.
    private func discardDamaged(_ file: PatchFile) async throws {
        let storage = resources.storage
        guard try await storage.length(of: file.digest) != nil, try await !storage.verifies(file) else { return }
        try await storage.remove(file.digest)
    }

    private func sort(_ files: [PatchFile]) async throws -> Files {
        let held = try await resources.storage.held(of: files.map(\.content))
        let missing = files.filter { !held.contains($0.content) }
        return Files(missing: missing, present: files.count - missing.count)
    }

    /// One content may have several names: all of them failed, or arrived, with it.
    private func name(
        _ failed: [StoredContent: LivepatchError], _ jobs: [Job], _ harvest: inout SyncHarvest
    ) async throws {
        let contents = Set(failed.keys)
        for job in jobs where job.lacks(contents) {
            // What is wrong with a version whose document is known is named below, with what has arrived of it.
            guard case .changed = job.step else { continue }
            var files = job.files
            if files == nil { files = try await missing(of: job) }
            for file in files ?? [] {
                if let error = failed[file.content] { harvest.failures.append(SyncRun.failure(error, file: file.name)) }
            }
        }
        for version in work.incomplete {
            for record in try await resources.catalog.files(of: version)
            where isWanting(record) && work.filters.admits(record.file.name) {
                if let error = failed[record.file.content] {
                    harvest.failures.append(SyncRun.failure(error, file: record.file.name))
                } else {
                    harvest.arrived.append(record.file.name)
                }
            }
        }
    }
}

extension PatchFile {
    fileprivate var content: StoredContent { StoredContent(digest: digest, length: length) }
}

/// What the transfers of one sync have done so far.
private actor TransferLedger {
    private var files = 0
    private var bytes: Int64 = 0
    private var failed: [StoredContent: LivepatchError] = [:]

    func note(_ event: Transfers.Event) {
        switch event {
        case .bytes(let count, let fetched): if fetched { bytes += count }
        case .done: files += 1
        case .failed(let file, let error): failed[file.content] = error
        }
    }

    @discardableResult
    func settle(_ harvest: inout SyncHarvest) -> [StoredContent: LivepatchError] {
        harvest.files = files
        harvest.bytes = bytes
        return failed
    }
}
