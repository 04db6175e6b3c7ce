public import FoundationEssentials

/// What a backup is and holds, to be read before anything else of it: its first member, `backup.json`.
///
/// Nobody signs it. It shows accidents: whoever can change a backup can change its list, too.
public struct BackupManifest: Hashable, Sendable, Codable {
    /// The version of the format that this release writes and reads.
    public static let currentFormat = 1

    /// The version of the backup's format.
    public let format: Int
    /// When it was taken, by the server's clock.
    public let created: Date
    /// The server that it was taken of.
    public let deployment: DeploymentID
    /// That server's release.
    public let release: String
    /// How its keys are encrypted; `nil` if it holds none.
    public let keys: BackupKeyDerivation?
    /// Whether the content of patch files is in it.
    public let includesPatches: Bool
    /// All members but this one, in the order in which they follow.
    public let members: [Member]

    /// A file of the server's.
    public struct Member: Hashable, Sendable, Codable {
        /// Where it lies below the data directory.
        public let name: String
        /// In bytes, as it is in the backup.
        public let length: Int64
        /// Of its bytes in the backup.
        public let digest: SHA256Digest

        public init(name: String, length: Int64, digest: SHA256Digest) {
            self.name = name
            self.length = length
            self.digest = digest
        }
    }

    public init(
        created: Date, deployment: DeploymentID, release: String, keys: BackupKeyDerivation?, includesPatches: Bool,
        members: [Member]
    ) {
        format = Self.currentFormat
        self.created = created
        self.deployment = deployment
        self.release = release
        self.keys = keys
        self.includesPatches = includesPatches
        self.members = members
    }

    /// All bytes of the members.
    public var totalBytes: Int64 { members.reduce(0) { $0 + $1.length } }
}

/// The names of a backup's members: those of the files in a data directory.
public enum BackupMember: Hashable, Sendable {
    case database
    /// A file below `trust/`, by its path there.
    case trust(String)
    /// A file below `bundles/`.
    case bundles(String)
    /// A file below `keys/`, encrypted.
    case key(String)
    case content(SHA256Digest)

    /// The list of the others.
    static let manifest = "backup.json"

    public static let databaseName = "livepatch.db"

    public var name: String {
        switch self {
        case .database: Self.databaseName
        case .trust(let path): "trust/\(path)"
        case .bundles(let path): "bundles/\(path)"
        case .key(let path): "keys/\(path)"
        case .content(let digest): "content/sha256/\(digest)"
        }
    }

    /// - Returns: `nil` for a name that no member has, such as one that leads out of the data directory.
    public init?(name: String) {
        if name == Self.databaseName {
            self = .database
            return
        }
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count > 1, !parts.contains(where: { ["", ".", ".."].contains($0) }), !name.utf8.contains(0) else {
            return nil
        }
        let path = parts.dropFirst().joined(separator: "/")
        switch parts[0] {
        case "trust": self = .trust(path)
        case "bundles": self = .bundles(path)
        case "keys": self = .key(path)
        case "content":
            guard parts.count == 3, parts[1] == "sha256", let digest = try? SHA256Digest(parsing: String(parts[2])) else {
                return nil
            }
            self = .content(digest)
        default: return nil
        }
    }
}
