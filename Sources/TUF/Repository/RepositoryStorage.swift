/// Where a repository's files are put for clients to fetch.
public protocol RepositoryStorage: Sendable {
    /// A file's bytes; `nil` if there is none.
    func read(_ file: RepositoryFile) async throws -> [UInt8]?

    /// Puts a file in the place of an older one, so that readers find one of the two, whole, and after a crash too.
    func write(_ bytes: [UInt8], as file: RepositoryFile) async throws
}
