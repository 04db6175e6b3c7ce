public import TUF

/// The public part of an Ed25519 key that signs metadata: what its holder gives to whoever prepares a root. Its text is
/// `ed25519` and 64 hexadecimal digits.
public struct TrustPublicKey: Hashable, Sendable, TextCodable {
    private let digits: String
    /// The id under which metadata lists the key.
    public let id: String

    /// - Throws: ``LivepatchError`` with the code `malformed-value` if the key is of another type.
    public init(of key: SigningKey) throws { try self.init(parsing: "\(key.key.scheme) \(key.key.publicKey ?? "")") }

    public init(parsing text: String) throws {
        guard let match = text.wholeMatch(of: /ed25519 ([0-9a-f]{64})/) else {
            throw LivepatchError(
                .malformedValue, "'\(text.prefix(80))' is not the public part of a key.",
                suggestion: "It is 'ed25519' and 64 hexadecimal digits, as `livepatch-admin trust generate-key` writes it.")
        }
        digits = String(match.1)
        id = try Self.key(digits).computedID()
    }

    public var description: String { "ed25519 \(digits)" }

    /// The key as metadata lists it.
    var key: Key { Self.key(digits) }

    private static func key(_ digits: String) -> Key { Key(type: "ed25519", scheme: "ed25519", publicKey: digits) }
}
