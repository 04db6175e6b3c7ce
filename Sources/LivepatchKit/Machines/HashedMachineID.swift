import Crypto

/// What is kept in the place of a machine's id: its HMAC-SHA-256 (RFC 2104) under a key of the server's own, so that what is stored
/// and told upstream does not name a machine to whoever lacks the key.
public struct HashedMachineID: Hashable, Sendable {
    public let digest: SHA256Digest

    public init(digest: SHA256Digest) { self.digest = digest }

    /// - Parameter key: the server's key, of 32 bytes or more.
    public init(_ id: MachineID, key: [UInt8]) { self = MachineIDKey(key).hashed(id) }

    /// Reads 64 hexadecimal digits.
    /// - Throws: ``LivepatchError`` with the code `malformed-value`.
    public init(parsing text: String) throws { digest = try SHA256Digest(parsing: text) }
}

/// A server's key for machine ids, made ready for many of them.
struct MachineIDKey: Sendable {
    /// Of nothing so far.
    private let code: HMAC<SHA256>

    /// - Parameter key: of 32 bytes or more.
    init(_ key: [UInt8]) { code = HMAC(key: SymmetricKey(data: key)) }

    func hashed(_ id: MachineID) -> HashedMachineID {
        var code = code
        code.update(data: Array(id.rawValue.utf8))
        let bytes = Array(code.finalize())
        guard let digest = SHA256Digest(bytes: bytes) else { preconditionFailure("an HMAC-SHA-256 has 32 bytes") }
        return HashedMachineID(digest: digest)
    }
}

extension HashedMachineID: CustomStringConvertible {
    public var description: String { digest.description }
}

extension HashedMachineID: Comparable {
    public static func < (left: Self, right: Self) -> Bool { left.description < right.description }
}

extension HashedMachineID: TextCodable {}
