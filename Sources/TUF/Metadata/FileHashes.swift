import Crypto

/// Digests of a file by the name of their algorithm, in hexadecimal digits (specification, section 4.4, HASHES).
///
/// `sha256`, `sha384` and `sha512` are known. Others are kept; a file is only believed if at least one is known and all
/// known ones are right.
public struct FileHashes: Sendable, Equatable {
    /// At least one.
    public let digests: NameTable<String>

    /// - Returns: `nil` if there is none.
    public init?(_ digests: NameTable<String>) {
        guard !digests.isEmpty else { return nil }
        self.digests = digests
    }

    /// The SHA-256 of some bytes.
    public init(of bytes: [UInt8]) {
        digests = ["sha256": Hex.text(SHA256.hash(data: bytes))]
    }

    init(_ value: JSONValue, _ place: String) throws(TUFError) {
        let fields = try FieldReader(value, "“hashes” of \(place)")
        var digests = NameTable<String>()
        for (algorithm, value) in fields.rest.members {
            guard case .string(let digest) = value else {
                throw TUFError(.malformed, "The \(algorithm) of \(place) should be a string, and is \(value.kind).")
            }
            digests[algorithm] = digest
        }
        guard !digests.isEmpty else { throw TUFError(.malformed, "“hashes” of \(place) is empty.") }
        self.digests = digests
    }

    var json: JSONValue { .object(JSONObject(digests.sorted.map { ($0.name, .string($0.value)) })) }

    /// The digest that names a target's file in a consistent snapshot: of the strongest algorithm in wide use, or else any.
    public var forFileName: String? {
        digests["sha256"] ?? digests["sha512"] ?? digests.sorted.first?.value
    }

    /// - Throws: ``TUFError`` with code ``TUFError/Code/hashMismatch``.
    func check(_ bytes: [UInt8], of what: String) throws(TUFError) {
        var hasher = FileHasher(self)
        hasher.update(bytes)
        try hasher.finish(of: what)
    }
}

/// Hashes a file piece by piece, by all algorithms that are known.
struct FileHasher {
    private let expected: FileHashes
    private var sha256: SHA256?
    private var sha384: SHA384?
    private var sha512: SHA512?

    init(_ expected: FileHashes) {
        self.expected = expected
        sha256 = expected.digests.contains("sha256") ? SHA256() : nil
        sha384 = expected.digests.contains("sha384") ? SHA384() : nil
        sha512 = expected.digests.contains("sha512") ? SHA512() : nil
    }

    mutating func update(_ bytes: [UInt8]) {
        sha256?.update(data: bytes)
        sha384?.update(data: bytes)
        sha512?.update(data: bytes)
    }

    /// - Throws: ``TUFError`` with code ``TUFError/Code/hashMismatch``.
    func finish(of what: String) throws(TUFError) {
        let found = [
            ("sha256", sha256.map { Hex.text($0.finalize()) }), ("sha384", sha384.map { Hex.text($0.finalize()) }),
            ("sha512", sha512.map { Hex.text($0.finalize()) }),
        ]
        var known = 0
        for (algorithm, digest) in found {
            guard let digest, let listed = expected.digests[algorithm] else { continue }
            known += 1
            guard digest.isExactly(listed.lowercased()) else {
                throw TUFError(.hashMismatch, "The \(algorithm) of \(what) should be \(listed), and is \(digest).")
            }
        }
        guard known > 0 else {
            let names = expected.digests.names.joined(separator: ", ")
            throw TUFError(.hashMismatch, "None of the hashes of \(what) is of a known algorithm: \(names).")
        }
    }
}
