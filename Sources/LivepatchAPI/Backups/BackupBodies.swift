public import FoundationEssentials
public import LivepatchKit

/// `POST /v1/admin/backups`: what the backup is to hold. The answer is the backup, a tar archive.
public struct BackupBody: Hashable, Sendable, Codable {
    /// Whether the content of patch files is in it.
    public let patches: Bool
    /// The key that encrypts the server's keys; without it there are none in the backup.
    public let key: Key?

    /// A key, and what its holder derived it from.
    public struct Key: Hashable, Sendable, Codable {
        /// 32 bytes.
        public let bytes: Data
        public let derivation: BackupKeyDerivation
    }

    public init(patches: Bool, key: BackupKey?) {
        self.patches = patches
        self.key = key.map { Key(bytes: Data($0.bytes), derivation: $0.derivation) }
    }

    /// The use case's form.
    /// - Throws: ``LivepatchError`` with the code `malformed-value`.
    public func demand() throws -> BackupTaking.Demand {
        BackupTaking.Demand(
            key: try key.map { try BackupKey(bytes: Array($0.bytes), derivation: $0.derivation) }, includesPatches: patches)
    }
}
