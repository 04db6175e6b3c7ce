import Crypto
import CryptoExtras

/// How an RSA key signs: padding and hash.
struct RSAScheme: Sendable {
    private enum Hash { case sha256, sha384, sha512 }

    private let padding: _RSA.Signing.Padding
    private let hash: Hash

    /// - Returns: `nil` if the scheme is not known.
    init?(_ scheme: String) {
        switch scheme {
        case "rsassa-pss-sha256": (padding, hash) = (.PSS, .sha256)
        case "rsassa-pss-sha384": (padding, hash) = (.PSS, .sha384)
        case "rsassa-pss-sha512": (padding, hash) = (.PSS, .sha512)
        case "rsa-pkcs1v15-sha256": (padding, hash) = (.insecurePKCS1v1_5, .sha256)
        case "rsa-pkcs1v15-sha384": (padding, hash) = (.insecurePKCS1v1_5, .sha384)
        case "rsa-pkcs1v15-sha512": (padding, hash) = (.insecurePKCS1v1_5, .sha512)
        default: return nil
        }
    }

    func isValid(_ signature: _RSA.Signing.RSASignature, for message: [UInt8], by key: _RSA.Signing.PublicKey) -> Bool {
        switch hash {
        case .sha256: key.isValidSignature(signature, for: SHA256.hash(data: message), padding: padding)
        case .sha384: key.isValidSignature(signature, for: SHA384.hash(data: message), padding: padding)
        case .sha512: key.isValidSignature(signature, for: SHA512.hash(data: message), padding: padding)
        }
    }
}
