import LivepatchKit
import NIOCore
import NIOPosix

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// A file of this computer that is sent to a server. Closed when nobody holds it any more, so that no read can meet a closed one.
final class SourceFile: Sendable {
    /// In bytes, when it was opened.
    let length: Int64
    private let path: String
    private let descriptor: CInt

    /// - Throws: ``LivepatchError`` with the code `not-found` or `storage-unavailable`.
    init(_ path: String) throws {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw errno == ENOENT
                ? LivepatchError(.notFound, "There is no file '\(path)'.")
                : Self.unreadable(path, String(cString: strerror(errno)))
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw Self.unreadable(path, "it is not a regular file")
        }
        length = Int64(status.st_size)
    }

    deinit { close(descriptor) }

    /// - Throws: ``LivepatchError`` with the code `storage-unavailable`, also if the file has become shorter.
    func read(at position: Int64, count: Int) async throws -> ByteBuffer {
        try await NIOThreadPool.singleton.runIfActive {
            var buffer = ByteBufferAllocator().buffer(capacity: count)
            let read = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { space in
                max(pread(self.descriptor, space.baseAddress, count, off_t(position)), 0)
            }
            guard read > 0 else { throw Self.unreadable(self.path, "it changed or failed while it was sent") }
            return buffer
        }
    }

    private static func unreadable(_ path: String, _ reason: String) -> LivepatchError {
        LivepatchError(.storageUnavailable, "The file '\(path)' cannot be read: \(reason).")
    }
}
