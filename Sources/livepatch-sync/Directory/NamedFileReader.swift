import LivepatchKit

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Random access to a file of a plain directory.
final class NamedFileReader: StoredContentReader {
    let length: Int64
    private let path: String
    private let descriptor: CInt

    /// - Throws: ``LivepatchError`` with the code `storage-unavailable`.
    init(_ path: String) throws {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        var status = stat()
        guard descriptor >= 0, fstat(descriptor, &status) == 0 else {
            throw LivepatchError(.storageUnavailable, "'\(path)' cannot be opened: \(String(cString: strerror(errno))).")
        }
        length = Int64(status.st_size)
    }

    deinit { systemClose(descriptor) }

    func read(at offset: Int64, count: Int) throws -> [UInt8] {
        guard count > 0 else { return [] }
        var bytes = [UInt8](repeating: 0, count: count)
        let got = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, off_t(offset)) }
        guard got >= 0 else {
            throw LivepatchError(.storageUnavailable, "'\(path)' cannot be read: \(String(cString: strerror(errno))).")
        }
        bytes.removeLast(count - got)
        return bytes
    }

    /// Closed with the last reference, so that no read can meet a closed file.
    func close() {}
}

/// The system's own, which the method of the same name hides.
private func systemClose(_ descriptor: CInt) { close(descriptor) }
