import FoundationEssentials
public import LivepatchKit
public import TUF

/// Keys as files in a directory, `origin-root.key` and so on: each for its owner alone, its content the secret seed of an Ed25519 key
/// (RFC 8032, section 5.1.5) in base64.
public struct DirectoryTrustKeyStore: TrustKeyStore {
    private let folder: Folder
    private let lanes = BlockingLanes("livepatch.keys", count: 1)

    /// - Parameter path: the directory, which is made with the first key.
    public init(at path: String) { folder = Folder(path) }

    /// - Throws: ``LivepatchError`` with the code `configuration-invalid` if others may use the key's file, `trust-unavailable` if it
    ///   holds no key, `storage-unavailable` if it cannot be read.
    public func key(_ name: TrustKeyName) async throws -> SigningKey? {
        let file = file(of: name)
        return try await lanes.run { try Self.read(file) }
    }

    /// - Throws: as ``key(_:)``, and `storage-full`.
    public func keyOrNew(_ name: TrustKeyName) async throws -> SigningKey {
        let file = file(of: name)
        if let key = try await key(name) { return key }
        try await make()
        return try await lanes.run {
            let new = try SigningKey.generateEd25519()
            do {
                try file.write(Self.text(new))
                return new
            } catch let error as LivepatchError where error.code == .alreadyExists {
                // Another process was faster; its key is the one.
                guard let key = try Self.read(file) else { throw error }
                return key
            }
        }
    }

    /// Makes the directory, for its owner alone.
    func make() async throws {
        let folder = folder
        try await lanes.run { try folder.makePrivate() }
    }

    /// A key as its file has it.
    static func text(_ key: SigningKey) -> String { Data(key.secretBytes).base64EncodedString() }

    func file(of name: TrustKeyName) -> SecretFile { SecretFile(at: folder.file("\(name.rawValue).key")) }

    static func read(_ file: SecretFile) throws -> SigningKey? {
        guard let text = try file.readText() else { return nil }
        guard let seed = Data(base64Encoded: text), let key = try? SigningKey(ed25519: Array(seed)) else {
            throw LivepatchError(
                .trustUnavailable, "'\(file.path)' does not hold a key: it should be 32 bytes in base64.",
                suggestion:
                    "Restore the file from a backup. If there is none, delete it: another key is made, and listed by a new root, for which the root's key is needed."
            )
        }
        return key
    }
}
