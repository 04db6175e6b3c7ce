import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import Testing

let noon = Date(timeIntervalSince1970: 1_717_243_200)

/// A value that a test writes as text.
func parsed<Value: TextCodable>(_ text: String) -> Value {
    do { return try Value(parsing: text) } catch { preconditionFailure("\(error)") }
}

func tier(_ name: String) -> TierName { parsed(name) }

func file(
    _ version: String, flavour: String = "generic", architecture: String = "amd64", kernel: String = "5.15.0-107.117",
    content: String? = nil, released: Date = noon, cves: [String] = ["CVE-2024-1086"]
) -> PatchFile {
    let name: PatchFileName = parsed("livepatch-\(kernel)-\(flavour)-\(version)-\(architecture).tar.bz2")
    let bytes = Array((content ?? "\(name)").utf8)
    return PatchFile(
        name: name, length: Int64(bytes.count), digest: SHA256Digest(of: bytes), released: released, cves: cves)
}

func patch(_ text: String) -> PatchVersion { parsed(text) }

func deployment(_ text: String) -> DeploymentID { parsed(text) }

func entry(_ action: String = "test", at time: Date = noon, undoes: Int64? = nil) -> ChangeEntry {
    ChangeEntry(time: time, actor: "alice", action: action, reason: "because", undoes: undoes)
}

func token(_ name: String, tier tierName: String = "edge", created: Date = noon, secret: String? = nil) -> SyncToken {
    SyncToken(
        name: name, tier: tier(tierName), created: created,
        secrets: [.init(hash: SHA256Digest(of: Array((secret ?? name).utf8)))])
}

func hash(_ text: String) -> SHA256Digest { SHA256Digest(of: Array(text.utf8)) }

func reference(_ text: String) -> DocumentReference { DocumentReference(of: Array(text.utf8)) }

func block(_ versionText: String, by id: String, reason: String = "panics") -> Block {
    Block(version: patch(versionText), reason: reason, blocked: noon, deployment: deployment(id))
}

extension Catalog {
    /// Applies what leads from the present state to another one.
    @discardableResult
    func change(
        entry: ChangeEntry = entry(), tokens: [TierChange.TokenMove] = [], _ change: (inout TierState) -> Void
    ) async throws -> Int64 {
        let (before, revision) = try await tierState()
        var after = before
        change(&after)
        return try await apply(
            TierChange(from: before, to: after, tokens: tokens), entry: entry, expecting: revision)
    }

    /// Keeps documents of versions as a sync does that has fetched them.
    func fetch(_ documents: [String: [PatchFile]]) async throws -> [(version: PatchVersion, document: DocumentReference)] {
        var changed: [(version: PatchVersion, document: DocumentReference)] = []
        for (text, files) in documents {
            let bytes = try DocumentCoding.encode(VersionDocument(version: patch(text), files: files))
            let reference = DocumentReference(of: bytes)
            try await keepFetchedDocument(bytes, reference.digest)
            changed.append((patch(text), reference))
        }
        return changed.sorted { $0.version < $1.version }
    }

    /// Syncs to documents of versions; tiers stay, new versions enter the first one.
    func sync(
        _ documents: [String: [PatchFile]] = [:], removed: [String] = [], arrived: [PatchFileName] = [],
        unavailable: Set<PatchFileName> = [], state: SyncState = SyncState(), _ adjust: (inout SyncCommit) -> Void = { _ in }
    ) async throws {
        let changed = try await fetch(documents)
        let (tiers, revision) = try await tierState()
        var reach = tiers.reach
        for (version, _) in changed where reach[version] == nil { reach[version] = tiers.tiers.first }
        for text in removed { reach[patch(text)] = nil }
        var commit = SyncCommit(
            expected: revision, changed: changed, documents: [], arrived: arrived, unavailable: unavailable,
            removed: removed.map(patch), tiers: tiers.tiers, reach: reach, tokens: [], snapshotReason: nil, state: state,
            entry: ChangeEntry(time: noon, actor: ChangeRecord.upstreamActor, action: "sync"))
        adjust(&commit)
        try await self.commit(commit)
    }
}
