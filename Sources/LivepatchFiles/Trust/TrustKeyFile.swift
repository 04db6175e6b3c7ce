public import LivepatchKit
public import TUF

/// The two files of a key that is kept away from servers: the private one, as a server's directory of keys has them, and beside it
/// the public part (`.pub`), to be given to others.
public struct TrustKeyFile: Sendable {
    private static let limit = 4096

    /// The private one's path.
    public let path: String

    public init(at path: String) { self.path = path }

    /// The public one's path.
    public var publicPath: String { "\(path).pub" }

    /// Makes a key.
    /// - Throws: ``LivepatchError`` with the codes `already-exists`, `storage-full`, `storage-unavailable`.
    public func generate() throws -> TrustPublicKey {
        let key = try SigningKey.generateEd25519()
        let publicKey = try TrustPublicKey(of: key)
        do {
            // First, since a key whose public part belongs to another one would lead astray.
            try SmallFile.write(Array("\(publicKey)\n".utf8), to: publicPath, mode: 0o644, replacing: false)
        } catch {
            throw error.ofExisting(publicPath)
        }
        do {
            try SecretFile(at: path).write(DirectoryTrustKeyStore.text(key))
        } catch {
            SmallFile.remove(publicPath)
            throw error
        }
        return publicKey
    }

    /// The private key.
    /// - Throws: ``LivepatchError`` with the code `not-found` if there is no such file, `configuration-invalid` if others may use it,
    ///   `trust-unavailable` if it holds no key, `storage-unavailable`.
    public func key() throws -> SigningKey {
        guard let key = try DirectoryTrustKeyStore.read(SecretFile(at: path)) else {
            throw LivepatchError(.notFound, "There is no file '\(path)'.")
        }
        return key
    }

    /// Reads the public part of somebody's key.
    /// - Throws: ``LivepatchError`` with the codes `not-found`, `malformed-value`, `storage-unavailable`.
    public static func publicKey(at path: String) throws -> TrustPublicKey {
        let bytes: [UInt8]?
        do { bytes = try SmallFile.read(path, limit: limit) } catch { throw error.error }
        guard let bytes else { throw LivepatchError(.notFound, "There is no file '\(path)' of a public key.") }
        let line = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
        do { return try TrustPublicKey(parsing: line) } catch let error as LivepatchError {
            throw LivepatchError(
                error.code, "'\(path)' does not hold the public part of a key.",
                suggestion: error.suggestion, cause: error)
        }
    }
}

/// The file of a root on its way from key to key. Nothing in it is secret.
public struct RootProposalFile: Sendable {
    private static let limit = 1 << 20

    public let path: String

    public init(at path: String) { self.path = path }

    /// - Throws: ``LivepatchError`` with the codes `not-found`, `root-refused`, `storage-unavailable`.
    public func read() throws -> RootProposal {
        let bytes: [UInt8]?
        do { bytes = try SmallFile.read(path, limit: Self.limit) } catch { throw error.error }
        guard let bytes else { throw LivepatchError(.notFound, "There is no file '\(path)' of a root.") }
        return try RootProposal(reading: bytes, from: path)
    }

    /// Writes the file whole, or not at all.
    /// - Parameter replacing: whether it may take the place of another one.
    /// - Throws: ``LivepatchError`` with the codes `already-exists`, `storage-full`, `storage-unavailable`.
    public func write(_ proposal: RootProposal, replacing: Bool) throws {
        do {
            try SmallFile.write(proposal.bytes, to: path, mode: 0o644, replacing: replacing)
        } catch {
            throw error.ofExisting(path)
        }
    }
}
