import Crypto
import FoundationEssentials

/// What a caller names a change by, so that the change is made once however often it is asked for (`Idempotency-Key`,
/// draft-ietf-httpapi-idempotency-key-header). Whoever asks makes a new one for each change, which nobody can guess: a UUID.
public struct IdempotencyKey: Hashable, Sendable {
    private let text: String

    /// Reads the field: a string as structured fields have it (RFC 9651, section 3.3.3), or the same without its quotes; 16 to 255
    /// characters, none of them a space, a quote or a backslash.
    /// - Throws: ``LivepatchError`` with the code `malformed-request`.
    public init(field: String) throws {
        var text = field
        if text.count >= 2, text.hasPrefix("\""), text.hasSuffix("\"") { text = String(text.dropFirst().dropLast()) }
        guard (16...255).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") })
        else {
            throw LivepatchError(
                .malformedRequest, "The header field 'Idempotency-Key' is not a key.",
                suggestion: "Send a new UUID for each change, in quotes: 16 to 255 characters.")
        }
        self.text = text
    }

    /// The name under which a user's change is kept. It tells the key to nobody.
    func name(of user: String) -> SHA256Digest { SHA256Digest(of: Array("\(user.utf8.count) \(user)\(text)".utf8)) }

    /// What a request is recognised by: nobody who lacks the key can try out which request it was.
    func fingerprint(_ request: [UInt8]) -> SHA256Digest {
        let code = HMAC<SHA256>.authenticationCode(for: request, using: secret("livepatch repeats: request"))
        guard let digest = SHA256Digest(bytes: Array(code)) else { preconditionFailure("an HMAC-SHA-256 has 32 bytes") }
        return digest
    }

    /// Seals an answer, which may hold a secret that is told once: only who has the key can open it (AES-GCM, 256 bits).
    func seal(_ answer: [UInt8]) throws -> [UInt8] {
        guard let sealed = try AES.GCM.seal(answer, using: secret("livepatch repeats: answer")).combined else {
            preconditionFailure("a nonce of 12 bytes can be combined")
        }
        return Array(sealed)
    }

    /// - Throws: if it was not sealed with this key.
    func open(_ sealed: [UInt8]) throws -> [UInt8] {
        Array(try AES.GCM.open(AES.GCM.SealedBox(combined: sealed), using: secret("livepatch repeats: answer")))
    }

    private func secret(_ purpose: String) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: Array(text.utf8)), info: Array(purpose.utf8), outputByteCount: 32)
    }
}
