/// A file of a repository, as a client asks for it and a repository stores it.
public struct RepositoryFile: Sendable, Hashable {
    /// Which of a repository's two base URLs the path is relative to.
    public enum Area: String, Sendable, Hashable, CaseIterable {
        case metadata
        case targets
    }

    public let area: Area
    /// Relative to the area's base URL, without `/` at its beginning, percent-encoded as it belongs into a URL.
    public let path: String

    public init(_ area: Area, _ path: String) {
        self.area = area
        self.path = path
    }

    /// A role's metadata. The role's name may hold anything, and is percent-encoded.
    /// - Parameter version: of a consistent snapshot, or of any root; `nil` for the name without version.
    public static func metadata(_ role: String, version: Int?) -> Self {
        let name = PercentEncoding.segment(role) + ".json"
        return Self(.metadata, version.map { "\($0).\(name)" } ?? name)
    }

    /// A target's content.
    /// - Parameter hash: the hexadecimal digest that a consistent snapshot puts before the last part of the path; `nil` for none.
    public static func target(_ targetPath: String, hash: String?) -> Self {
        guard let hash else { return Self(.targets, PercentEncoding.path(targetPath)) }
        let bytes = Array(targetPath.utf8)
        let start = (bytes.lastIndex(of: UInt8(ascii: "/")) ?? -1) + 1
        let folder = String(decoding: bytes[..<start], as: UTF8.self)
        let name = String(decoding: bytes[start...], as: UTF8.self)
        return Self(.targets, PercentEncoding.path("\(folder)\(hash).\(name)"))
    }
}
