import FoundationEssentials
import LivepatchFiles
import LivepatchKit

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// A directory of files under their own names, for a web server or a person. What arrives does so in a hidden folder of it, where it
/// is also resumed; a file gets its name only when it is whole and checked.
struct PlainDirectory: Sendable {
    /// The hidden folder.
    static let workFolder = ".livepatch-sync"

    let path: String
    private let arrivals: DirectoryPatchStorage
    private let lock: DirectoryLock

    /// Opens a directory, and makes it where it is missing.
    /// - Throws: ``LivepatchError`` with the code `storage-unavailable` or `storage-full`.
    init(_ path: String) throws {
        self.path = path
        let work = "\(path)/\(Self.workFolder)"
        lock = try DirectoryLock(in: work, name: "lock", subject: "directory")
        arrivals = try DirectoryPatchStorage(at: work)
    }

    /// Where content arrives.
    var storage: any PatchStorage { arrivals }

    /// Runs a body while no other process fills this directory.
    /// - Throws: ``LivepatchError`` with the code `storage-busy`.
    func exclusively<Value>(_ body: () async throws -> Value) async throws -> Value {
        guard let value = try await lock.tryExclusive(body) else {
            throw LivepatchError(
                .storageBusy, "Another livepatch-sync is filling the directory '\(path)'.", suggestion: "Wait for it to end.")
        }
        return value
    }

    /// Where a file of that name is.
    func path(of name: String) -> String { "\(path)/\(name)" }

    /// The length of a regular file of that name; `nil` if there is none.
    func length(of name: String) throws -> Int64? {
        var status = stat()
        guard lstat(path(of: name), &status) == 0 else {
            if errno == ENOENT { return nil }
            throw fault(name, "cannot be looked at")
        }
        return status.st_mode & S_IFMT == S_IFREG ? Int64(status.st_size) : nil
    }

    /// The names of regular files, without hidden ones, in order.
    func names() throws -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: path).filter { !$0.hasPrefix(".") }.sorted()
                .filter { try length(of: $0) != nil }
        } catch let error as LivepatchError {
            throw error
        } catch {
            throw LivepatchError(.storageUnavailable, "The directory '\(path)' cannot be read: \(error).", cause: error)
        }
    }

    /// - Throws: ``LivepatchError`` with the code `storage-unavailable`.
    func open(_ name: String) throws -> NamedFileReader { try NamedFileReader(path(of: name)) }

    /// The digest of a file that is there.
    func digest(of name: String) throws -> SHA256Digest {
        let reader = try open(name)
        var hasher = ContentHasher()
        while hasher.length < reader.length {
            let bytes = try reader.read(at: hasher.length, count: 1 << 18)
            if bytes.isEmpty { break }
            hasher.update(bytes)
        }
        return hasher.finish()
    }

    /// Gives arrived content its names, and lets go of it in the hidden folder. Whatever had a name before is replaced.
    func place(_ digest: SHA256Digest, as names: [String]) async throws {
        let content = arrivals.path(of: digest)
        for name in names {
            let passage = path(of: "\(Self.workFolder)/\(name).new")
            unlink(passage)
            guard link(content, passage) == 0, chmod(passage, 0o644) == 0, rename(passage, path(of: name)) == 0 else {
                throw fault(name, "cannot be put in its place")
            }
            // Renaming one name of a file to another of the same file does nothing and says nothing.
            unlink(passage)
        }
        try await storage.remove(digest)
    }

    /// Writes a file, so that under its name there is always either the old or the new one, whole.
    func write(_ bytes: [UInt8], as name: String) throws {
        let passage = path(of: "\(Self.workFolder)/\(name).new")
        let descriptor = systemOpen(passage, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw fault(name, "cannot be written") }
        defer { close(descriptor) }
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { systemWrite(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw fault(name, "cannot be written") }
            written += count
        }
        guard fsync(descriptor) == 0, rename(passage, path(of: name)) == 0 else { throw fault(name, "cannot be written") }
    }

    func remove(_ name: String) throws {
        guard unlink(path(of: name)) == 0 || errno == ENOENT else { throw fault(name, "cannot be deleted") }
    }

    /// Makes all names durable.
    func synchronize() throws {
        let descriptor = systemOpen(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
        guard descriptor >= 0 else { throw fault(".", "cannot be opened") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw fault(".", "cannot be made durable") }
    }

    /// Takes the hidden folder away if nothing in it is still wanted.
    func tidy() async {
        guard let staged = try? await storage.stagedBytes(), staged == 0 else { return }
        try? FileManager.default.removeItem(atPath: "\(path)/\(Self.workFolder)")
    }

    private func fault(_ name: String, _ what: String) -> LivepatchError {
        let isFull = errno == ENOSPC || errno == EDQUOT
        return LivepatchError(
            isFull ? .storageFull : .storageUnavailable, "'\(path(of: name))' \(what): \(String(cString: strerror(errno))).")
    }
}

// The system's own, which methods of the same name hide.
private func systemWrite(_ descriptor: CInt, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int { write(descriptor, bytes, count) }

private func systemOpen(_ path: String, _ flags: CInt, _ mode: mode_t) -> CInt { open(path, flags, mode) }
