import FoundationEssentials

/// A file that lies in a data directory as long as a server runs there, so that the next one knows whether the last one ended by itself.
public struct RunMark: Sendable {
    private let path: String

    /// - Parameter directory: the data directory, which must exist. Only one server at a time may use the mark.
    public init(in directory: String) { path = directory + "/server.running" }

    /// Says that a server runs.
    /// - Parameter text: what the next one is told if this one does not end by itself, such as since when it ran.
    /// - Returns: what the last server said if it did not end by itself; `nil` if it did, or there was none.
    public func begin(_ text: String) throws -> String? {
        let left = FileManager.default.contents(atPath: path).map { String(decoding: $0.prefix(200), as: UTF8.self) }
        try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
        return left
    }

    /// Says that it ends by itself.
    public func end() { try? FileManager.default.removeItem(atPath: path) }
}
