import Crypto
import CryptoExtras

/// A private key in memory: Ed25519, ECDSA on P-256, or RSA with PSS and SHA-256.
public struct SigningKey: MetadataSigner {
    private enum Secret {
        case ed25519(Curve25519.Signing.PrivateKey)
        case ecdsaP256(P256.Signing.PrivateKey)
        case rsa(_RSA.Signing.PrivateKey)
    }

    private let secret: Secret
    public let key: Key
    public let keyID: String

    private init(_ secret: Secret) throws(TUFError) {
        self.secret = secret
        key =
            switch secret {
            case .ed25519(let own):
                Key(type: "ed25519", scheme: "ed25519", publicKey: Hex.text(own.publicKey.rawRepresentation))
            case .ecdsaP256(let own):
                Key(type: "ecdsa", scheme: "ecdsa-sha2-nistp256", publicKey: own.publicKey.pemRepresentation)
            case .rsa(let own): Key(type: "rsa", scheme: "rsassa-pss-sha256", publicKey: own.publicKey.pemRepresentation)
            }
        keyID = try key.computedID()
    }

    /// Makes a new Ed25519 key.
    public static func generateEd25519() throws(TUFError) -> Self { try Self(.ed25519(Curve25519.Signing.PrivateKey())) }

    /// Makes a new ECDSA key on P-256.
    public static func generateECDSA() throws(TUFError) -> Self { try Self(.ecdsaP256(P256.Signing.PrivateKey())) }

    /// Makes a new RSA key.
    /// - Parameter bits: at least 2048.
    /// - Throws: ``TUFError`` with code ``TUFError/Code/unusableKey``.
    public static func generateRSA(bits: Int = 3072) throws(TUFError) -> Self {
        do { return try Self(.rsa(_RSA.Signing.PrivateKey(keySize: .init(bitCount: bits)))) } catch {
            throw TUFError(.unusableKey, "An RSA key of \(bits) bits cannot be made: \(error).")
        }
    }

    /// An Ed25519 key from its 32 secret bytes.
    /// - Throws: ``TUFError`` with code ``TUFError/Code/unusableKey``.
    public init(ed25519 bytes: [UInt8]) throws(TUFError) {
        guard let own = try? Curve25519.Signing.PrivateKey(rawRepresentation: bytes) else {
            throw TUFError(.unusableKey, "An Ed25519 key has 32 secret bytes, not \(bytes.count).")
        }
        try self.init(.ed25519(own))
    }

    /// An ECDSA key on P-256, or an RSA key of at least 2048 bits, from PEM.
    /// - Throws: ``TUFError`` with code ``TUFError/Code/unusableKey``.
    public init(pem: String) throws(TUFError) {
        if let own = try? P256.Signing.PrivateKey(pemRepresentation: pem) {
            try self.init(.ecdsaP256(own))
        } else if let own = try? _RSA.Signing.PrivateKey(pemRepresentation: pem) {
            try self.init(.rsa(own))
        } else {
            throw TUFError(.unusableKey, "This is not PEM of an ECDSA key on P-256 or of an RSA key of at least 2048 bits.")
        }
    }

    /// The secret part: for Ed25519 its 32 bytes, for the others their PEM. Keep it where nobody else reads.
    public var secretBytes: [UInt8] {
        switch secret {
        case .ed25519(let own): Array(own.rawRepresentation)
        case .ecdsaP256(let own): Array(own.pemRepresentation.utf8)
        case .rsa(let own): Array(own.pemRepresentation.utf8)
        }
    }

    /// - Throws: ``TUFError`` with code ``TUFError/Code/unusableKey`` if the key refuses.
    public func sign(_ bytes: [UInt8]) async throws -> [UInt8] {
        do {
            switch secret {
            case .ed25519(let own): return Array(try own.signature(for: bytes))
            case .ecdsaP256(let own): return Array(try own.signature(for: bytes).derRepresentation)
            case .rsa(let own):
                return Array(try own.signature(for: SHA256.hash(data: bytes), padding: .PSS).rawRepresentation)
            }
        } catch {
            throw TUFError(.unusableKey, "The key \(keyID) does not sign: \(error).")
        }
    }
}
