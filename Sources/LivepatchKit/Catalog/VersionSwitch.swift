/// What becomes of a patch version's files when a sync switches to a document of it.
///
/// - The files that the filters admit are as the document lists them, available unless their content could not be had. A file whose
///   content has come since it was found to be awaited is not awaited any more.
/// - Files that the filters do not admit stay if they are there, as long as the document lists exactly their content: a filter
///   that is narrowed removes nothing.
/// - Files that the document does not list go.
public struct VersionSwitch: Hashable, Sendable {
    /// All files afterwards, in order of name.
    public let files: [PatchFileRecord]
    /// Those of ``files`` that are new or differ from before.
    public let written: [PatchFileRecord]
    /// The files that go, in order of name.
    public let removed: [PatchFileName]

    /// - Parameters:
    ///   - existing: the version's files before, none if it is new.
    ///   - state: what the sync ends on; its two filters decide.
    ///   - unavailable: the files whose content could not be had.
    ///   - awaited: the content that is fetched when it is first asked for.
    public init(
        from existing: [PatchFileRecord], to document: VersionDocument, state: SyncState, unavailable: Set<PatchFileName>,
        awaited: Set<SHA256Digest> = []
    ) {
        var leftover: [PatchFileName: PatchFileRecord] = [:]
        for record in existing { leftover[record.file.name] = record }
        var files: [PatchFileRecord] = []
        var written: [PatchFileRecord] = []
        for file in document.files {
            let known = leftover[file.name]
            let record: PatchFileRecord
            if state.admits(file.name) {
                let isHeld = known.map { $0.file.digest == file.digest && $0.available && !$0.isAwaited } ?? false
                record = PatchFileRecord(
                    file: file, available: !unavailable.contains(file.name),
                    awaited: !isHeld && awaited.contains(file.digest))
            } else if let known, known.file.digest == file.digest {
                record = PatchFileRecord(file: file, available: known.available, awaited: known.isAwaited)
            } else {
                continue
            }
            leftover[file.name] = nil
            files.append(record)
            if record != known { written.append(record) }
        }
        self.files = files
        self.written = written
        removed = leftover.keys.sorted()
    }

    /// Whether the version's files stay as they are.
    public var isEmpty: Bool { written.isEmpty && removed.isEmpty }
}

extension SyncState {
    /// Whether a file passes this server's own filter and all those above it.
    public func admits(_ name: PatchFileName) -> Bool { filter.admits(name) && upstreamFilters.admits(name) }

    /// Whether a downstream that reads this server's documents can tell this state from another.
    public func publishesSame(as other: SyncState) -> Bool {
        route == other.route && upstreamFilters == other.upstreamFilters && filter == other.filter
    }
}

extension SyncCommit {
    /// The tiers and memberships that the switch leads to.
    ///
    /// - Parameter versions: the patch versions in the catalogue afterwards; what `reach` says of others is left out.
    /// - Throws: ``LivepatchError`` with the code `tier-unknown` if a version is to reach a tier that is not in the list.
    public func tierState(from before: TierState, versions: Set<PatchVersion>) throws -> TierState {
        let reach = reach.filter { versions.contains($0.key) }
        if let stray = reach.values.first(where: { !tiers.contains($0) }) {
            throw LivepatchError.tierUnknown(stray, among: tiers)
        }
        return TierState(tiers: tiers, reach: reach, blocks: before.blocks)
    }
}

extension VersionDocument {
    /// - Throws: ``LivepatchError`` with the code `upstream-malformed` if this is another version's document, or if it lists a file of
    ///   another version or one name twice.
    public func check(describes version: PatchVersion) throws {
        guard self.version == version else {
            throw LivepatchError.documentUnreadable(version, "it describes patch \(self.version)")
        }
        if let stray = files.first(where: { $0.name.version != version }) {
            throw LivepatchError.documentUnreadable(version, "it lists '\(stray.name)', a file of another version")
        }
        if let twice = zip(files, files.dropFirst()).first(where: { $0.name == $1.name }) {
            throw LivepatchError.documentUnreadable(version, "it lists '\(twice.0.name)' twice")
        }
    }
}
