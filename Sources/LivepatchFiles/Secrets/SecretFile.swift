import LivepatchKit

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A small file that only its owner may read: a token, a password, a private key. Its calls block for as long as the disk takes.
public struct SecretFile: Sendable {
    /// Where it is.
    public let path: String

    public init(at path: String) { self.path = path }

    /// Writes the file with mode 0600, all of it or nothing.
    /// - Parameter replacing: whether an existing file may be replaced.
    /// - Throws: ``LivepatchError`` with the codes `already-exists`, `storage-full`, `storage-unavailable`.
    public func write(_ bytes: [UInt8], replacing: Bool = false) throws {
        do {
            try SmallFile.write(bytes, to: path, mode: 0o600, replacing: replacing)
        } catch {
            throw error.ofExisting(path)
        }
    }

    /// Writes one line.
    /// - Throws: as ``write(_:replacing:)``.
    public func write(_ text: String, replacing: Bool = false) throws {
        try write(Array("\(text)\n".utf8), replacing: replacing)
    }

    /// Reads the file; `nil` if there is none. A link is followed.
    /// - Parameter limit: the most bytes that a file of its kind has.
    /// - Throws: ``LivepatchError`` with the code `configuration-invalid` if others may read or write it or it is too large,
    ///   `storage-unavailable` if it cannot be read.
    public func read(limit: Int = 64 << 10) throws -> [UInt8]? {
        do {
            let file = try OpenFile(path, for: .reading, followingLinks: true)
            let status = try file.status()
            guard status.mode & 0o077 == 0 else {
                throw LivepatchError(
                    .configurationInvalid,
                    "'\(path)' holds a secret, and others than its owner may use it (mode 0\(String(status.mode, radix: 8))).",
                    suggestion: "Run 'chmod 600 \(path)', and replace the secret if somebody may have seen it.")
            }
            let bytes = try file.read(at: 0, count: limit + 1)
            guard bytes.count <= limit else {
                throw LivepatchError(
                    .configurationInvalid, "'\(path)' has more than \(limit) bytes; it is not the expected file.")
            }
            return bytes
        } catch let fault as FileFault {
            if fault.isMissing { return nil }
            throw fault.error
        }
    }

    /// Reads the text in the file without the space around it; `nil` if there is none.
    /// - Throws: as ``read(limit:)``, and `configuration-invalid` if it is not UTF-8.
    public func readText() throws -> String? {
        guard let bytes = try read() else { return nil }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw LivepatchError(.configurationInvalid, "'\(path)' is not a text in UTF-8.")
        }
        return text.trimmed
    }
}

extension String {
    /// The text without white space at its ends.
    fileprivate var trimmed: String {
        var rest = self[...]
        while rest.first?.isWhitespace == true { rest.removeFirst() }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return String(rest)
    }
}
