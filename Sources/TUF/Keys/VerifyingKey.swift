import Crypto
import CryptoExtras

/// A public key that can check signatures.
struct VerifyingKey: Sendable {
    /// The key itself, however it is written, by whatever id, for whatever scheme.
    struct Identity: Hashable, Sendable {
        let bytes: [UInt8]
    }

    let identity: Identity
    private let check: @Sendable (_ signature: [UInt8], _ message: [UInt8]) -> Bool

    /// - Returns: `nil` if the type or scheme is not known, or the key is none; RSA keys have at least 2048 bits.
    init?(_ key: Key) {
        guard let text = key.publicKey else { return nil }
        switch (key.type, key.scheme) {
        case ("ed25519", "ed25519"):
            guard let bytes = Hex.bytes(text), let own = try? Curve25519.Signing.PublicKey(rawRepresentation: bytes) else {
                return nil
            }
            self.init(own.rawRepresentation) { own.isValidSignature($0, for: $1) }
        case ("ecdsa", "ecdsa-sha2-nistp256"), ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256"):
            guard let own = try? P256.Signing.PublicKey(pemRepresentation: text) else { return nil }
            self.init(own.x963Representation) { signature, message in
                (try? P256.Signing.ECDSASignature(derRepresentation: signature)).map { own.isValidSignature($0, for: message) }
                    ?? false
            }
        case ("ecdsa", "ecdsa-sha2-nistp384"), ("ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384"):
            guard let own = try? P384.Signing.PublicKey(pemRepresentation: text) else { return nil }
            self.init(own.x963Representation) { signature, message in
                (try? P384.Signing.ECDSASignature(derRepresentation: signature)).map { own.isValidSignature($0, for: message) }
                    ?? false
            }
        case ("rsa", let scheme):
            guard let method = RSAScheme(scheme), let own = try? _RSA.Signing.PublicKey(pemRepresentation: text) else {
                return nil
            }
            self.init(own.derRepresentation) { signature, message in
                method.isValid(_RSA.Signing.RSASignature(rawRepresentation: signature), for: message, by: own)
            }
        default: return nil
        }
    }

    private init(_ bytes: some Sequence<UInt8>, check: @escaping @Sendable ([UInt8], [UInt8]) -> Bool) {
        identity = Identity(bytes: Array(bytes))
        self.check = check
    }

    func isValid(_ signature: [UInt8], for message: [UInt8]) -> Bool { check(signature, message) }
}
