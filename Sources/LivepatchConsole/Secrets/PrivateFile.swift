import LivepatchKit

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A file that only its owner may read (mode 0600), written whole or not at all.
///
/// It is made before there is a secret to put into it, so that a secret which is told only once is not asked for in vain.
public struct PrivateFile: Sendable {
    public let path: String
    private let temporaryPath: String
    private let descriptor: Int32
    private let replaces: Bool

    /// Makes the file beside its place, under a temporary name.
    ///
    /// - Parameter replacing: whether a file that is there already is replaced.
    /// - Throws: ``LivepatchError`` with the code `already-exists` if there is one and it must not be replaced, `storage-unavailable`.
    public init(path: String, replacing: Bool) throws {
        var status = stat()
        if !replacing, lstat(path, &status) == 0 { throw Self.exists(path) }
        self.path = path
        replaces = replacing
        temporaryPath = "\(path).\(UInt32.random(in: 0...UInt32.max)).new"
        descriptor = open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure("made", path, errno) }
    }

    /// Writes the content and moves the file to its place. The file is closed afterwards.
    /// - Throws: ``LivepatchError`` with the code `already-exists`, `storage-unavailable`; there is no file then.
    public func finish(_ text: String) throws {
        do {
            guard fchmod(descriptor, 0o600) == 0 else { throw Self.failure("made private", path, errno) }
            try DescriptorOutput(descriptor: descriptor, environment: [:]).write(text)
            guard fsync(descriptor) == 0 else { throw Self.failure("written", path, errno) }
        } catch {
            discard()
            throw error
        }
        close(descriptor)
        if replaces {
            guard rename(temporaryPath, path) == 0 else { throw removing(Self.failure("put in its place", path, errno)) }
        } else {
            // Unlike rename(2), link(2) never replaces.
            guard link(temporaryPath, path) == 0 else {
                throw removing(errno == EEXIST ? Self.exists(path) : Self.failure("put in its place", path, errno))
            }
            unlink(temporaryPath)
        }
    }

    /// Removes the file again.
    public func discard() {
        close(descriptor)
        unlink(temporaryPath)
    }

    private func removing(_ error: LivepatchError) -> LivepatchError {
        unlink(temporaryPath)
        return error
    }

    /// Reads a file that nobody else may read or write.
    ///
    /// - Parameter limit: the most bytes that are read.
    /// - Returns: `nil` if there is none.
    /// - Throws: ``LivepatchError`` with the code `configuration-invalid` if others may, or it is not a regular file of this user.
    public static func read(_ path: String, limit: Int = 1 << 20) throws -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw failure("read", path, errno)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure("read", path, errno) }
        guard status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid() else {
            throw LivepatchError(
                .configurationInvalid, "'\(path)' is not a file of this user's, so the secret in it is not used.",
                suggestion: "Remove it.")
        }
        guard status.st_mode & 0o077 == 0 else {
            throw LivepatchError(
                .configurationInvalid, "Other users may read '\(path)', so the secret in it is not used.",
                suggestion: "Run `chmod 600 '\(path)'` if nobody has, or remove it.")
        }
        var bytes = [UInt8](repeating: 0, count: min(limit, Int(status.st_size)))
        var count = 0
        while count < bytes.count {
            let room = bytes.count - count
            let got = bytes.withUnsafeMutableBytes { buffer in
                buffer.baseAddress.map { systemRead(descriptor, $0 + count, room) } ?? 0
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw failure("read", path, errno) }
            if got == 0 { break }
            count += got
        }
        return Array(bytes.prefix(count))
    }

    private static func exists(_ path: String) -> LivepatchError {
        LivepatchError(
            .alreadyExists, "There is a file '\(path)' already.", suggestion: "Choose another name, or use --force to replace it."
        )
    }

    private static func failure(_ verb: String, _ path: String, _ number: Int32) -> LivepatchError {
        LivepatchError(
            .storageUnavailable, "'\(path)' cannot be \(verb): \(SystemError.text(number)).",
            suggestion: "Check the directory and its permissions.")
    }
}

private func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer, _ count: Int) -> Int {
    read(descriptor, buffer, count)
}
