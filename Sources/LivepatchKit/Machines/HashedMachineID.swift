import Crypto

/// What is kept in the place of a machine's id: its HMAC-SHA-256 (RFC 2104) under a key of the server's own, so that what is stored
/// and told upstream does not name a machine to whoever lacks the key.
public struct HashedMachineID: Hashable, Sendable {
    public let digest: SHA256Digest

    public init(digest: SHA256Digest) { self.digest = digest }

    /// - Parameter key: the server's key, of 32 bytes or more.
    public init(_ id: MachineID, key: [UInt8]) {
        let code = HMAC<SHA256>.authenticationCode(for: Array(id.rawValue.utf8), using: SymmetricKey(data: key))
        guard let digest = SHA256Digest(bytes: Array(code)) else { preconditionFailure("an HMAC-SHA-256 has 32 bytes") }
        self.digest = digest
    }

    /// Reads 64 hexadecimal digits.
    /// - Throws: ``LivepatchError`` with the code `malformed-value`.
    public init(parsing text: String) throws { digest = try SHA256Digest(parsing: text) }
}

extension HashedMachineID: CustomStringConvertible {
    public var description: String { digest.description }
}

extension HashedMachineID: Comparable {
    public static func < (left: Self, right: Self) -> Bool { left.description < right.description }
}

extension HashedMachineID: TextCodable {}
