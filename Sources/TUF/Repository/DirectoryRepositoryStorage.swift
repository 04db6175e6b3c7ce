/// A repository as two directories, `metadata` and `targets`, that any web server can serve.
///
/// Files have the names that a server finds by decoding a URL's path; where that would lead out of the directory, as a role called
/// `../x` would, or to another role's file, they keep the encoded one (``FileName/decoded(_:)``).
public struct DirectoryRepositoryStorage: RepositoryStorage, RepositoryFetcher {
    private let directory: String

    /// - Parameter directory: its path; it must be there.
    public init(_ directory: String) { self.directory = directory }

    /// - Throws: ``TUFError`` with code ``TUFError/Code/storage``.
    public func read(_ file: RepositoryFile) async throws -> [UInt8]? { try SmallFile.read(path(file), limit: .max) }

    /// - Throws: ``TUFError`` with code ``TUFError/Code/storage``.
    public func write(_ bytes: [UInt8], as file: RepositoryFile) async throws {
        let path = path(file)
        try Folders.make(above: path, in: directory)
        try SmallFile.write(bytes, to: path)
    }

    public func fetch(_ file: RepositoryFile, into receiver: FileReceiver) async throws -> Bool {
        var refusal: (any Error)?
        let isThere = try FileReading.pieces(of: path(file)) { (piece) throws(TUFError) in
            do { try receiver.receive(piece) } catch { refusal = error }
            return refusal == nil
        }
        if let refusal { throw refusal }
        return isThere
    }

    private func path(_ file: RepositoryFile) -> String {
        let parts = file.path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .map { FileName.decoded(String(decoding: $0, as: UTF8.self)) }
        return "\(directory)/\(file.area.rawValue)/\(parts.joined(separator: "/"))"
    }
}
