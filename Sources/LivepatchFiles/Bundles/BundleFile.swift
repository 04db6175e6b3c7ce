public import LivepatchKit

/// A bundle's file, to be read.
public enum BundleFile {
    /// Opens a file; a link is followed, since that is how a person names things.
    /// - Throws: ``LivepatchError`` with the code `not-found` if there is none, `storage-unavailable`.
    public static func open(_ path: String) throws -> any StoredContentReader {
        do {
            return try OpenContent(OpenFile(path, for: .reading, followingLinks: true))
        } catch {
            guard error.isMissing else { throw error.error }
            throw LivepatchError(.notFound, "There is no file '\(path)'.", suggestion: "Check its name.")
        }
    }
}
