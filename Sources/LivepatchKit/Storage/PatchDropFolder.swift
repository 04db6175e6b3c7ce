public import FoundationEssentials

/// A place where people put patch files to be taken in by a refresh, instead of uploading them.
///
/// Errors are ``LivepatchError``s with the codes `not-found`, `malformed-value` (a name that is not one) and `storage-unavailable`.
public protocol PatchDropFolder: Sendable {
    /// What lies there, in order of name. Directories, links, hidden files and files that are still being written by their
    /// name (`.part`, `.tmp`) are not candidates.
    func candidates() async throws -> [DroppedFile]
    /// Opens a candidate for reading.
    func open(_ name: String) async throws -> any StoredContentReader
    /// Deletes a candidate that has been taken in; nothing happens if it is gone.
    func remove(_ name: String) async throws
    /// Moves a candidate aside with a note that says why, in words for the person who put it there.
    func refuse(_ name: String, reason: String) async throws
}

/// A file in a drop folder.
public struct DroppedFile: Hashable, Sendable {
    /// Its name, without directories.
    public let name: String
    /// Its size in bytes.
    public let length: Int64
    /// When it was last written to; one that has just been may not be complete.
    public let modified: Date

    public init(name: String, length: Int64, modified: Date) {
        self.name = name
        self.length = length
        self.modified = modified
    }
}
