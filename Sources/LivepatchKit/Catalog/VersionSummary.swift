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
            files: files.count, available: files.count { $0.available }, bytes: files.reduce(0) { $0 + $1.file.length },
            cves: cves.sorted(), document: document)
    }

    /// This line with one more file, which is available. The document that the version was synced from does not list it, so the
    /// line refers to none.
    public func adding(_ file: PatchFile) -> PatchVersionRecord {
        PatchVersionRecord(
            version: version, source: source, arrived: arrived,
            released: files == 0 ? file.released : min(released, file.released),
            files: files + 1, available: available + 1, bytes: bytes + file.length, cves: Set(cves).union(file.cves).sorted(),
            document: nil)
    }

    /// This line with other files.
    public func holding(_ files: [PatchFileRecord]) -> PatchVersionRecord {
        PatchVersionRecord(
            version: version, source: source, arrived: arrived, document: document, files: files, released: released)
    }
}

extension PatchFile {
    /// This file as a catalogue keeps it: its release time to the second.
    package var stored: PatchFile {
        PatchFile(name: name, length: length, digest: digest, released: Timestamp.wholeSecond(released), cves: cves)
    }
}
