public import FoundationEssentials

// A version's line says what its files are together; a catalogue keeps the line up to date in the transaction that changes files.

extension PatchVersionRecord {
    /// The line of a version that has these files.
    ///
    /// - Parameter released: the release time to show if there are no files.
    public init(
        version: PatchVersion, source: Source, arrived: Date, document: DocumentReference?, files: [PatchFileRecord],
        released: Date
    ) {
        var cves: Set<String> = []
        for file in files where !file.file.cves.allSatisfy(cves.contains) { cves.formUnion(file.file.cves) }
        self.init(
            version: version, source: source, arrived: arrived, released: files.map(\.file.released).min() ?? released,
            files: files.count, available: files.count { $0.available }, awaited: files.count { $0.isAwaited },
            bytes: files.reduce(0) { $0 + $1.file.length }, cves: cves.sorted(), document: document)
    }

    /// This line with one more file, which is available. The version's document does not list it, and has to be made again.
    public func adding(_ file: PatchFile) -> PatchVersionRecord {
        PatchVersionRecord(
            version: version, source: source, arrived: arrived,
            released: files == 0 ? file.released : min(released, file.released),
            files: files + 1, available: available + 1, awaited: awaited ?? 0, bytes: bytes + file.length,
            cves: Set(cves).union(file.cves).sorted(), document: nil)
    }

    /// This line with fewer files. A synced version's document is its origin's, whatever is left of it here; an imported one's has
    /// to be made again.
    public func keeping(_ files: [PatchFileRecord]) -> PatchVersionRecord {
        PatchVersionRecord(
            version: version, source: source, arrived: arrived, document: source == .synced ? document : nil, files: files,
            released: released)
    }

    /// This line with a document that was made of its files.
    public func referring(to document: DocumentReference) -> PatchVersionRecord {
        PatchVersionRecord(
            version: version, source: source, arrived: arrived, released: released, files: files, available: available,
            awaited: awaited ?? 0, bytes: bytes, cves: cves, document: document)
    }

    /// This line after one of its files has become what it is now.
    public func replacing(_ before: PatchFileRecord, with after: PatchFileRecord) -> PatchVersionRecord {
        PatchVersionRecord(
            version: version, source: source, arrived: arrived, released: released, files: files,
            available: available + (after.available ? 1 : 0) - (before.available ? 1 : 0),
            awaited: (awaited ?? 0) + (after.isAwaited ? 1 : 0) - (before.isAwaited ? 1 : 0), bytes: bytes, cves: cves,
            document: document)
    }
}

extension PatchFile {
    /// This file as a catalogue keeps it: its release time to the second.
    package var stored: PatchFile {
        PatchFile(name: name, length: length, digest: digest, released: Timestamp.wholeSecond(released), cves: cves)
    }
}
