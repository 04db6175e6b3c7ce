/// A target that a search found: what was asked for, what is known of it, and who said so.
public struct Target: Sendable, Equatable {
    public let path: String
    public let description: TargetDescription
    /// The targets role that describes it.
    public let role: String

    public init(path: String, description: TargetDescription, role: String) {
        self.path = path
        self.description = description
        self.role = role
    }

    /// The file to ask a repository for.
    public func file(inConsistentSnapshot isConsistent: Bool) -> RepositoryFile {
        .target(path, hash: isConsistent ? description.hashes.forFileName : nil)
    }

    /// - Throws: ``TUFError`` with code ``TUFError/Code/lengthMismatch`` or ``TUFError/Code/hashMismatch``.
    public func check(_ content: [UInt8]) throws(TUFError) {
        try checkLength(content.count)
        try description.hashes.check(content, of: "the target “\(path)”")
    }

    func checkLength(_ length: Int) throws(TUFError) {
        guard length == description.length else {
            throw TUFError(.lengthMismatch, "The target “\(path)” should have \(description.length) bytes, and has \(length).")
        }
    }

    /// Whether a local file is the target.
    /// - Throws: ``TUFError`` with code ``TUFError/Code/storage``.
    func isContent(of file: String) throws(TUFError) -> Bool {
        var hasher = FileHasher(description.hashes)
        var length = 0
        let isThere = try FileReading.pieces(of: file) { (piece) throws(TUFError) in
            hasher.update(piece)
            length += piece.count
            return length <= description.length
        }
        guard isThere, length == description.length else { return false }
        do { try hasher.finish(of: file) } catch { return false }
        return true
    }
}
