import LivepatchAPI
import LivepatchHTTP
import LivepatchKit

/// What a server shows of patches and tiers: what an old and a new view are compared by.
struct ServerView: Hashable, Sendable {
    struct Version: Hashable, Sendable {
        var tiers: [TierName]
        var isBlocked: Bool
        var files: [PatchFileName: SHA256Digest]
    }

    var tiers: [TierName]
    var versions: [PatchVersion: Version]
    /// Files whose content is not there.
    var unavailable: Set<PatchFileName> = []

    /// Before the first sync, with the tiers that every server begins with.
    static let empty = ServerView(
        tiers: ["edge", "beta", "candidate", "stable"].compactMap { try? TierName(parsing: $0) }, versions: [:])

    init(tiers: [TierName], versions: [PatchVersion: Version]) {
        self.tiers = tiers
        self.versions = versions
    }

    /// Asks a server.
    init(of server: AdminClient) async throws {
        tiers = try await server.tiers().tiers.map(\.name)
        versions = [:]
        for patch in try await server.patches().patches {
            versions[patch.record.version] = Version(tiers: patch.tiers, isBlocked: !patch.blocks.isEmpty, files: [:])
        }
        for record in try await server.storagePatches().files {
            versions[record.file.name.version]?.files[record.file.name] = record.file.digest
            if !record.available { unavailable.insert(record.file.name) }
        }
    }

    /// All files, with their versions' state.
    var files: [(name: PatchFileName, digest: SHA256Digest, isBlocked: Bool)] {
        versions.values.flatMap { version in version.files.map { ($0.key, $0.value, version.isBlocked) } }
            .sorted { $0.name < $1.name }
    }
}

extension ServerView: CustomStringConvertible {
    var description: String {
        let lines = versions.sorted { $0.key < $1.key }.map { version, state in
            "\(version): \(state.files.count) files, \(state.tiers.map(\.description))\(state.isBlocked ? ", blocked" : "")"
        }
        return (["tiers \(tiers.map(\.description)), \(unavailable.count) files unavailable"] + lines).joined(separator: "\n  ")
    }
}
