import Crypto

/// The SHA-256 of a target path, by which targets are shared out among roles.
enum TargetPathDigest {
    static func hex(of targetPath: String) -> String { Hex.text(SHA256.hash(data: Array(targetPath.utf8))) }

    /// The first 32 bits, most significant first.
    static func leadingBits(of targetPath: String) -> UInt32 {
        SHA256.hash(data: Array(targetPath.utf8)).prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }
}
