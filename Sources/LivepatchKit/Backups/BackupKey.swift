import Crypto
import CryptoExtras
public import FoundationEssentials

/// How the key that encrypts a backup's keys is had again.
public enum BackupKeyDerivation: Hashable, Sendable {
    /// From a passphrase, with scrypt (RFC 7914).
    case passphrase(Scrypt)
    /// From a file that holds it.
    case file

    /// The parameters of scrypt.
    public struct Scrypt: Hashable, Sendable, Codable {
        public let salt: Data
        /// N: the cost, a power of two.
        public let rounds: Int
        /// r
        public let blockSize: Int
        /// p
        public let parallelism: Int

        public init(salt: Data, rounds: Int = 1 << 16, blockSize: Int = 8, parallelism: Int = 1) {
            self.salt = salt
            self.rounds = rounds
            self.blockSize = blockSize
            self.parallelism = parallelism
        }

        /// Whether they cost no more than a gigabyte and some seconds: a backup that somebody else made must not take more.
        var isBearable: Bool {
            (16...1 << 20).contains(rounds) && rounds.nonzeroBitCount == 1 && (1...32).contains(blockSize)
                && (1...16).contains(parallelism) && 128 * rounds * blockSize <= 1 << 30 && (8...1024).contains(salt.count)
        }
    }
}

extension BackupKeyDerivation: Codable {
    private enum CodingKeys: CodingKey {
        case kind, scrypt
    }

    private enum Kind: String, Codable {
        case scrypt, file
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        switch try container.decode(Kind.self, forKey: .kind) {
        case .scrypt: self = .passphrase(try container.decode(Scrypt.self, forKey: .scrypt))
        case .file: self = .file
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .passphrase(let scrypt):
            try container.encode(Kind.scrypt, forKey: .kind)
            try container.encode(scrypt, forKey: .scrypt)
        case .file: try container.encode(Kind.file, forKey: .kind)
        }
    }
}

/// The key that encrypts the keys in a backup, with ChaCha20-Poly1305 (RFC 8439).
///
/// It is made where the administrator sits, so that the passphrase goes nowhere: the server gets the key, and the backup how it was
/// derived.
public struct BackupKey: Sendable {
    /// In bytes.
    public static let length = 32
    /// The fewest bytes of a passphrase.
    public static let leastPassphrase = 12

    public let derivation: BackupKeyDerivation
    private let key: SymmetricKey

    /// A key that is given.
    /// - Throws: ``LivepatchError`` with the code `malformed-value` unless it has 32 bytes.
    public init(bytes: [UInt8], derivation: BackupKeyDerivation) throws {
        guard bytes.count == Self.length else {
            throw LivepatchError(
                .malformedValue, "A backup's key has \(Self.length) bytes, and this one has \(bytes.count).",
                suggestion: "Make one with `openssl rand -base64 32`.")
        }
        key = SymmetricKey(data: bytes)
        self.derivation = derivation
    }

    /// The key of a file, which holds it in base64.
    /// - Throws: ``LivepatchError`` with the code `malformed-value`.
    public init(file text: String) throws {
        guard let bytes = Data(base64Encoded: String(text.filter { !$0.isWhitespace })) else {
            throw LivepatchError(
                .malformedValue, "The file does not hold a backup's key: it is not base64.",
                suggestion: "Make one with `( umask 077; openssl rand -base64 32 > backup.key )`.")
        }
        try self.init(bytes: Array(bytes), derivation: .file)
    }

    /// The key that a passphrase gives, with parameters for a new backup or those of one that there is. Takes 64 MiB and a part of
    /// a second with those that this release chooses.
    /// - Throws: ``LivepatchError`` with the codes `malformed-value` for a short passphrase, `backup-invalid` for parameters that
    ///   nobody should compute.
    public init(passphrase: String, _ scrypt: BackupKeyDerivation.Scrypt) throws {
        guard passphrase.utf8.count >= Self.leastPassphrase else {
            throw LivepatchError(
                .malformedValue, "A backup's passphrase has at least \(Self.leastPassphrase) bytes.",
                suggestion: "Take some words that nobody else would put together, or a key file.")
        }
        guard scrypt.isBearable else {
            throw LivepatchError.damagedBackup("its parameters of scrypt are out of all bounds")
        }
        key = try KDF.Scrypt.deriveKey(
            from: Array(passphrase.utf8), salt: scrypt.salt, outputByteCount: Self.length, rounds: scrypt.rounds,
            blockSize: scrypt.blockSize, parallelism: scrypt.parallelism)
        derivation = .passphrase(scrypt)
    }

    /// The key itself.
    public var bytes: [UInt8] { key.withUnsafeBytes { Array($0) } }

    /// Encrypts a file, so that it can only be had again under its own name.
    func seal(_ bytes: [UInt8], as name: String) throws -> [UInt8] {
        Array(try ChaChaPoly.seal(bytes, using: key, authenticating: Array(name.utf8)).combined)
    }

    /// - Throws: ``LivepatchError`` with the code `backup-locked`.
    func open(_ sealed: [UInt8], as name: String) throws -> [UInt8] {
        do {
            return Array(try ChaChaPoly.open(.init(combined: sealed), using: key, authenticating: Array(name.utf8)))
        } catch {
            throw LivepatchError(
                .backupLocked, "'\(name)' cannot be decrypted with this key.",
                suggestion:
                    "Give the passphrase or the key file that the backup was taken with. If it is the right one, the backup was tampered with."
            )
        }
    }
}
