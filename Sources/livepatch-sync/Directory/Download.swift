import LivepatchConsole
import LivepatchKit

/// Fetches files into a plain directory.
struct Download {
    /// What became of the files.
    struct Outcome: Sendable {
        /// Fetched now, checked, and in their place.
        var arrived: [PatchFile] = []
        /// In their place already.
        var present: [PatchFile] = []
        var failures: [Failure] = []

        /// All that are in their place.
        var complete: [PatchFile] { arrived + present }
    }

    /// A file that could not be had.
    struct Failure: Sendable {
        let name: String
        let error: LivepatchError
    }

    private let directory: PlainDirectory
    private let transfers: Transfers
    private let bar: ProgressBar

    init(into directory: PlainDirectory, with transfers: Transfers, bar: ProgressBar) {
        self.directory = directory
        self.transfers = transfers
        self.bar = bar
    }

    /// Fetches those of the files that are not there. What cannot be had does not stop the rest.
    /// - Parameter isPresent: whether a file is in its place already.
    /// - Throws: ``LivepatchError`` with the code `storage-full` if there is no room, before anything is fetched; `cancelled`.
    func run(_ files: [PatchFile], isPresent: (PatchFile) throws -> Bool) async throws -> Outcome {
        let present = try files.filter(isPresent)
        let missing = Set(files).subtracting(present)
        // Files of the same content are fetched together, under the first name.
        let groups = Dictionary(grouping: missing, by: \.digest).mapValues { $0.sorted { $0.name < $1.name } }
        let leaders = groups.values.compactMap(\.first).sorted { $1.name < $0.name }
        try await requireRoom(for: leaders)
        let (count, bytes) = (leaders.count, leaders.reduce(0) { $0 + $1.length })
        bar.update { progress in
            progress.files = count
            progress.filesSkipped = present.count
            progress.bytes = bytes
        }
        let ledger = Ledger(directory, groups, bar, waiting: leaders)
        do {
            try await transfers.run(next: { await ledger.next() }, report: { await ledger.note($0) })
        } catch let error as LivepatchError where error.code != .cancelled {
            await ledger.giveUp(error)
        }
        try directory.synchronize()
        var outcome = await ledger.outcome
        outcome.present = present
        return outcome
    }

    private func requireRoom(for files: [PatchFile]) async throws {
        guard let free = try await directory.storage.freeBytes() else { return }
        let staged = try await directory.storage.stagedBytes()
        let needed = files.reduce(0) { $0 + $1.length }
        guard needed - min(staged, needed) <= free else {
            throw LivepatchError(
                .storageFull, "'\(directory.path)' has room for \(free) bytes, and \(needed) are to be fetched.",
                suggestion: "Free some space, or choose fewer files.")
        }
    }
}

/// What has become of the files so far. Gives content its names as it arrives.
private actor Ledger {
    private(set) var outcome = Download.Outcome()
    private let directory: PlainDirectory
    private let groups: [SHA256Digest: [PatchFile]]
    private let bar: ProgressBar
    private var waiting: [PatchFile]
    private var settled: Set<SHA256Digest> = []

    init(_ directory: PlainDirectory, _ groups: [SHA256Digest: [PatchFile]], _ bar: ProgressBar, waiting: [PatchFile]) {
        self.directory = directory
        self.groups = groups
        self.bar = bar
        self.waiting = waiting
    }

    /// The files to fetch, all at once. Content that had arrived when an earlier run was interrupted only needs its name.
    func next() async -> [PatchFile] {
        var files: [PatchFile] = []
        for file in waiting {
            if (try? await directory.storage.length(of: file.digest)) == file.length {
                bar.update { $0.bytesDone += file.length }
                await place(file)
            } else {
                files.append(file)
            }
        }
        waiting = []
        return files
    }

    func note(_ event: Transfers.Event) async {
        switch event {
        case .bytes(let count, _): bar.update { $0.bytesDone += count }
        case .done(let file): await place(file)
        case .failed(let file, let error): fail(file, error)
        }
    }

    /// What has stopped everything is the failure of all that is not here.
    func giveUp(_ error: LivepatchError) {
        for file in groups.values.compactMap(\.first).sorted(by: { $0.name < $1.name }) where !settled.contains(file.digest) {
            fail(file, error)
        }
    }

    private func place(_ file: PatchFile) async {
        let files = groups[file.digest] ?? [file]
        do {
            try await directory.place(file.digest, as: files.map(\.name.description))
            settled.insert(file.digest)
            outcome.arrived += files
            bar.update { $0.filesDone += 1 }
        } catch {
            fail(file, error as? LivepatchError ?? LivepatchError(.storageUnavailable, "\(error)", cause: error))
        }
    }

    private func fail(_ file: PatchFile, _ error: LivepatchError) {
        settled.insert(file.digest)
        outcome.failures += (groups[file.digest] ?? [file]).map { Download.Failure(name: $0.name.description, error: error) }
        bar.update { $0.filesFailed += 1 }
    }
}
