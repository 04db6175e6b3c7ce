import Crypto

/// The SHA-256 of some bytes: the identity of content. Written as 64 lower-case hexadecimal digits.
public struct SHA256Digest: Hashable, Sendable {
    private let words: (UInt64, UInt64, UInt64, UInt64)

    fileprivate init(words: (UInt64, UInt64, UInt64, UInt64)) { self.words = words }

    /// The digest of bytes in memory.
    public init(of bytes: some Collection<UInt8>) {
        var hasher = ContentHasher()
        hasher.update(Array(bytes))
        self = hasher.finish()
    }

    /// The digest that these bytes are, as ``bytes`` gives them; `nil` unless they are exactly 32.
    public init?(bytes: some Sequence<UInt8>) {
        var words: [UInt64] = [0, 0, 0, 0]
        var count = 0
        for byte in bytes {
            guard count < 32 else { return nil }
            words[count / 8] = words[count / 8] << 8 | UInt64(byte)
            count += 1
        }
        guard count == 32 else { return nil }
        self.words = (words[0], words[1], words[2], words[3])
    }

    /// Reads 64 lower-case hexadecimal digits.
    /// - Throws: ``LivepatchError`` with the code `malformed-value`.
    public init(parsing text: String) throws {
        guard let bytes = Hexadecimal.bytes(text), let digest = Self(bytes: bytes) else {
            throw LivepatchError(
                .malformedValue, "'\(text)' is not a SHA-256 digest.",
                suggestion: "A digest has 64 lower-case hexadecimal digits.")
        }
        self = digest
    }

    /// The digest's 32 bytes.
    public var bytes: [UInt8] {
        [words.0, words.1, words.2, words.3].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) } }
    }

    public static func == (left: Self, right: Self) -> Bool { left.words == right.words }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
    }
}

extension SHA256Digest: CustomStringConvertible {
    public var description: String { Hexadecimal.text(bytes) }
}

extension SHA256Digest: TextCodable {}

/// Computes a SHA-256 while bytes pass by.
public struct ContentHasher: Sendable {
    private var hash = SHA256()
    /// How many bytes have passed.
    public private(set) var length: Int64 = 0

    public init() {}

    public mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
        length += Int64(bytes.count)
    }

    /// The digest of all bytes so far; more may follow.
    public func finish() -> SHA256Digest {
        hash.finalize().withUnsafeBytes { bytes in
            func word(_ index: Int) -> UInt64 {
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self))
            }
            return SHA256Digest(words: (word(0), word(1), word(2), word(3)))
        }
    }
}
