#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// An open regular file; closed when the last reference goes.
final class OpenFile: Sendable {
    /// How a file is opened.
    enum Purpose {
        case reading
        /// Reading and writing; made if it is not there.
        case writing
        /// Reading and writing; fails with `EEXIST` if it is there.
        case creating
    }

    let descriptor: Int32
    let path: String

    /// - Parameter mode: the permissions of a file that is made, less the process's umask.
    init(_ path: String, for purpose: Purpose, mode: mode_t = 0o640, followingLinks: Bool = false) throws(FileFault) {
        var flags = O_CLOEXEC
        if !followingLinks { flags |= O_NOFOLLOW }
        switch purpose {
        // A FIFO that lies where a file should be must not hold the reader up.
        case .reading: flags |= O_RDONLY | O_NONBLOCK
        case .writing: flags |= O_RDWR | O_CREAT
        case .creating: flags |= O_RDWR | O_CREAT | O_EXCL
        }
        let descriptor = open(path, flags, mode)
        guard descriptor >= 0 else { throw .last("open", path) }
        self.descriptor = descriptor
        self.path = path
        guard try status().isRegular else { throw FileFault(number: EINVAL, attempt: "use as a regular file", path: path) }
    }

    deinit { close(descriptor) }

    func status() throws(FileFault) -> FileStatus {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .last("look at", path) }
        return FileStatus(status)
    }

    /// At most `count` bytes; fewer only at the end of the file.
    func read(at offset: Int64, count: Int) throws(FileFault) -> [UInt8] {
        var fault: FileFault?
        let bytes = [UInt8](unsafeUninitializedCapacity: max(0, count)) { buffer, filled in
            while filled < count {
                let taken = pread(
                    descriptor, buffer.baseAddress?.advanced(by: filled), count - filled, off_t(offset) + off_t(filled))
                if taken < 0, errno == EINTR { continue }
                if taken < 0 { fault = .last("read", path) }
                guard taken > 0 else { break }
                filled += taken
            }
        }
        if let fault { throw fault }
        return bytes
    }

    /// Writes all bytes.
    /// - Returns: how many were written, which is all of them unless there is a fault.
    func write(_ bytes: [UInt8], at offset: Int64, calls: FileCalls) -> (written: Int, fault: FileFault?) {
        bytes.withUnsafeBytes { buffer in
            var written = 0
            while written < buffer.count {
                let taken = calls.write(descriptor, UnsafeRawBufferPointer(rebasing: buffer[written...]), offset + Int64(written))
                if taken < 0, errno == EINTR { continue }
                guard taken > 0 else {
                    return (written, taken < 0 ? .last("write", path) : FileFault(number: EIO, attempt: "write", path: path))
                }
                written += taken
            }
            return (written, nil)
        }
    }

    func truncate() throws(FileFault) {
        guard ftruncate(descriptor, 0) == 0 else { throw .last("empty", path) }
    }

    func flush(calls: FileCalls) throws(FileFault) {
        while calls.flush(descriptor, path) != 0 {
            guard errno == EINTR else { throw .last("bring to the medium", path) }
        }
    }

    /// Makes sure that everything came to the medium that others than ``flush(calls:)`` have written there.
    /// - Returns: `false` where that cannot be told.
    /// - Throws: what went wrong. It is told once: a ``flush(calls:)`` after it finds nothing left to write, and succeeds.
    func isSound(calls: FileCalls) throws(FileFault) -> Bool {
        while calls.check(descriptor, path) != 0 {
            switch errno {
            case EINTR: continue
            case ENOSYS, ENOTSUP, EINVAL, EPERM: return false
            default: throw .last("bring to the medium", path)
            }
        }
        return true
    }

    func changeMode(_ mode: UInt32) throws(FileFault) {
        guard fchmod(descriptor, mode_t(mode)) == 0 else { throw .last("set the permissions of", path) }
    }

    /// Takes the advisory lock that belongs to this opening of the file, without waiting.
    /// - Returns: `false` if another opening, in whatever process, holds it.
    func tryLock(exclusively: Bool) throws(FileFault) -> Bool {
        while flock(descriptor, (exclusively ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0 {
            if errno == EWOULDBLOCK { return false }
            guard errno == EINTR else { throw .last("lock", path) }
        }
        return true
    }
}

/// What the file system says about a name.
struct FileStatus {
    let isRegular: Bool
    let length: Int64
    let mode: UInt32
    /// When it was last written to, in seconds since 1970.
    let modified: Double
    private let device: UInt64
    private let node: UInt64

    init(_ status: stat) {
        isRegular = status.st_mode & S_IFMT == S_IFREG
        length = Int64(status.st_size)
        mode = UInt32(status.st_mode & 0o7777)
        #if canImport(Darwin)
            let time = status.st_mtimespec
        #else
            let time = status.st_mtim
        #endif
        modified = Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
        device = UInt64(truncatingIfNeeded: status.st_dev)
        node = UInt64(status.st_ino)
    }

    /// Links are looked at, not followed; `nil` if there is nothing of that name.
    static func of(_ path: String) throws(FileFault) -> FileStatus? {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT { return nil }
            throw .last("look at", path)
        }
        return FileStatus(status)
    }

    func isSameFile(as other: FileStatus) -> Bool { device == other.device && node == other.node }
}
