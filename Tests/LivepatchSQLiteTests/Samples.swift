import FoundationEssentials
import LivepatchKit
import LivepatchSQLite

let noon = Date(timeIntervalSince1970: 1_717_243_200)

let entry = ChangeEntry(time: noon, actor: "alice", action: "test")

/// A value that a test writes as text.
func parsed<Value: TextCodable>(_ text: String) -> Value {
    do { return try Value(parsing: text) } catch { preconditionFailure("\(error)") }
}

func file(_ version: String, kernel: Int = 107, content: String? = nil) -> PatchFile {
    let name: PatchFileName = parsed("livepatch-5.15.0-\(kernel).117-generic-\(version)-amd64.tar.bz2")
    return PatchFile(
        name: name, length: 100, digest: SHA256Digest(of: Array((content ?? "\(name)").utf8)), released: noon,
        cves: ["CVE-2024-1086"])
}

func patch(_ text: String) -> PatchVersion { parsed(text) }

func builds(of text: String, _ count: Int) -> [PatchFile] { (1...count).map { file(text, kernel: $0) } }

extension SQLiteCatalog {
    /// A commit that brings one version with many files, its document kept.
    func preparedCommit(_ text: String, files count: Int, removed: [String] = []) async throws -> SyncCommit {
        let document = VersionDocument(version: patch(text), files: builds(of: text, count))
        let bytes = try DocumentCoding.encode(document)
        let reference = DocumentReference(of: bytes)
        try await keepFetchedDocument(bytes, reference.digest)
        let (state, revision) = try await tierState()
        var reach = state.reach
        reach[patch(text)] = state.tiers.first
        for text in removed { reach[patch(text)] = nil }
        return SyncCommit(
            expected: revision, changed: [(patch(text), reference)], documents: [], arrived: [], unavailable: [],
            removed: removed.map(patch), tiers: state.tiers, reach: reach, tokens: [], snapshotReason: nil,
            state: SyncState(), entry: entry)
    }
}
