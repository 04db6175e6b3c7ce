import CArchive
import LivepatchKit

/// What a bzip2 file unpacks to, piece by piece and never more than allowed.
final class BzipStream {
    private let source: any StoredContentReader
    private let limit: Int64
    private let handle: ArchiveHandle
    /// How much has been unpacked.
    private(set) var unpacked: Int64 = 0
    /// Where the last byte that is not zero ends, in what has been unpacked.
    private(set) var contentEnd: Int64 = 0

    /// - Parameter limit: the most bytes that may be unpacked.
    init(_ source: any StoredContentReader, limit: Int64) throws {
        self.source = source
        self.limit = limit
        var offset: Int64 = 0
        handle = try ArchiveHandle { archive in
            let filter = archive_read_support_filter_bzip2(archive)
            return filter == ARCHIVE_OK ? archive_read_support_format_raw(archive) : filter
        } deliver: {
            let bytes = try source.read(at: offset, count: 1 << 16)
            offset += Int64(bytes.count)
            return bytes
        }
        var entry: OpaquePointer?
        guard archive_read_next_header(handle.archive, &entry) == ARCHIVE_OK else { throw handle.problem() }
        // Of too few bytes to recognize libarchive would say that they are not compressed at all.
        guard archive_filter_code(handle.archive, 0) == ARCHIVE_FILTER_BZIP2 else {
            throw ArchiveHandle.Fault(message: "it has no bzip2 stream", isTruncation: false)
        }
    }

    /// The next bytes; none at the end.
    /// - Throws: `patch-too-large` as soon as the limit is passed.
    func next() throws -> [UInt8] {
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        let count = try handle.data(into: &chunk)
        unpacked += Int64(count)
        guard unpacked <= limit else {
            throw LivepatchError(
                .patchTooLarge, "The archive has \(source.length) bytes and unpacks to more than the allowed \(limit).",
                suggestion: "A patch file holds one module and little else; this may be an attack.")
        }
        chunk.removeLast(chunk.count - count)
        if let last = chunk.lastIndex(where: { $0 != 0 }) { contentEnd = unpacked - Int64(count - last - 1) }
        return chunk
    }

    /// How many bytes of the file follow what was unpacked, after the end has been reached.
    var trailing: Int64 { source.length - archive_filter_bytes(handle.archive, -1) }
}
