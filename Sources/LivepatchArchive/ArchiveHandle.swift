import CArchive

/// One reading pass of libarchive over bytes that a function delivers; freed with the last reference.
final class ArchiveHandle {
    let archive: OpaquePointer
    /// What went wrong in the function that delivers, which libarchive itself cannot carry.
    private(set) var fault: (any Error)?
    private let deliver: () throws -> [UInt8]
    /// libarchive reads from here until it asks for more.
    private var buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 0, alignment: 1)

    /// - Parameters:
    ///   - enable: switches on the filters and formats that are expected.
    ///   - deliver: the next bytes; none at the end.
    init(_ enable: (OpaquePointer) -> Int32, deliver: @escaping () throws -> [UInt8]) throws {
        guard let archive = archive_read_new() else { throw Fault(message: "there is no memory for it") }
        self.archive = archive
        self.deliver = deliver
        guard enable(archive) == ARCHIVE_OK else { throw problem() }
        let status = archive_read_open(
            archive, Unmanaged.passUnretained(self).toOpaque(), nil,
            { _, handle, start in
                guard let handle else { return -1 }
                return Unmanaged<ArchiveHandle>.fromOpaque(handle).takeUnretainedValue().next(start)
            }, nil)
        guard status == ARCHIVE_OK else { throw problem() }
    }

    deinit {
        archive_read_free(archive)
        buffer.deallocate()
    }

    /// What is wrong with the bytes, as the end of a sentence.
    struct Fault: Error {
        let message: String
        var isTruncation = false
    }

    /// What the last call failed with.
    func problem() -> any Error {
        if let fault { return fault }
        let message = archive_error_string(archive).map { String(cString: $0) } ?? "it cannot be read"
        return Fault(message: "libarchive says: \(message)", isTruncation: message.lowercased().contains("truncated"))
    }

    /// The data of the present entry from where the last call ended; none at its end.
    func data(into chunk: inout [UInt8]) throws -> Int {
        let count = chunk.withUnsafeMutableBytes { archive_read_data(archive, $0.baseAddress, $0.count) }
        guard count >= 0 else { throw problem() }
        return count
    }

    private func next(_ start: UnsafeMutablePointer<UnsafeRawPointer?>?) -> la_ssize_t {
        do {
            let bytes = try deliver()
            if buffer.count < bytes.count {
                buffer.deallocate()
                buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
            }
            buffer.copyBytes(from: bytes)
            start?.pointee = UnsafeRawPointer(buffer.baseAddress)
            return bytes.count
        } catch {
            fault = error
            return -1
        }
    }
}
