import CArchive
import LivepatchKit

/// What a compressed file unpacks to, piece by piece and never more than allowed.
final class UnpackedStream {
    private let source: any StoredContentReader
    private let limit: Int64
    private let tooLarge: LivepatchError
    private let handle: ArchiveHandle
    /// How much has been unpacked.
    private(set) var unpacked: Int64 = 0
    /// Where the last byte that is not zero ends, in what has been unpacked.
    private(set) var contentEnd: Int64 = 0

    /// - Parameters:
    ///   - limit: the most bytes that may be unpacked.
    ///   - tooLarge: what is thrown as soon as the limit is passed.
    init(_ source: any StoredContentReader, _ compression: Compression, limit: Int64, tooLarge: LivepatchError) throws {
        self.source = source
        self.limit = limit
        self.tooLarge = tooLarge
        var offset: Int64 = 0
        handle = try ArchiveHandle { archive in
            let filter = compression.enable(archive)
            return filter == ARCHIVE_OK ? archive_read_support_format_raw(archive) : filter
        } deliver: {
            let bytes = try source.read(at: offset, count: 1 << 16)
            offset += Int64(bytes.count)
            return bytes
        }
        var entry: OpaquePointer?
        switch archive_read_next_header(handle.archive, &entry) {
        case ARCHIVE_OK: break
        case ARCHIVE_EOF: throw ArchiveHandle.Fault(message: "it unpacks to nothing")
        default: throw handle.problem()
        }
        // Of too few bytes to recognize libarchive would say that they are not compressed at all.
        guard archive_filter_code(handle.archive, 0) == compression.code else {
            throw ArchiveHandle.Fault(message: "it has no \(compression) stream")
        }
        // libarchive undoes a compression as often as it finds it; what lies between two of them is not bounded. One count is the
        // file's own.
        guard archive_filter_count(handle.archive) == 2 else {
            throw ArchiveHandle.Fault(message: "it is compressed more than once")
        }
    }

    /// The next bytes; none at the end.
    func next() throws -> [UInt8] {
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        let count = try handle.data(into: &chunk)
        unpacked += Int64(count)
        guard unpacked <= limit else { throw tooLarge }
        chunk.removeLast(chunk.count - count)
        if let last = chunk.lastIndex(where: { $0 != 0 }) { contentEnd = unpacked - Int64(count - last - 1) }
        return chunk
    }

    /// How many bytes of the file follow what was unpacked, after the end has been reached.
    var trailing: Int64 { source.length - archive_filter_bytes(handle.archive, -1) }
}
