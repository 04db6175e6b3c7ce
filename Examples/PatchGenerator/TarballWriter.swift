import CArchive
import LivepatchKit

/// Writes tar archives and bzip2 streams in memory; the same bytes for the same content.
package enum TarballWriter {
    struct Entry {
        let path: String
        let bytes: [UInt8]
    }

    /// A `.tar.bz2`.
    /// - Parameter modified: every entry's time, in seconds since 1970.
    static func tarball(_ entries: [Entry], modified: Int64) throws -> [UInt8] {
        try write(archive_write_set_format_ustar, entries, modified: modified)
    }

    /// The bytes as one bzip2 stream.
    package static func bzip2(_ bytes: [UInt8]) throws -> [UInt8] {
        try write(archive_write_set_format_raw, [Entry(path: "data", bytes: bytes)], modified: 0)
    }

    /// The header that comes before a file in a tar archive (POSIX, ustar).
    static func header(path: String, size: Int64, modified: Int64) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, at offset: Int) {
            header.replaceSubrange(offset..<(offset + text.utf8.count), with: Array(text.utf8))
        }
        func octal(_ value: Int64, width: Int) -> String {
            let digits = String(value, radix: 8)
            return String(repeating: "0", count: width - digits.count) + digits
        }
        put(path, at: 0)
        put("0000644", at: 100)
        put("0000000", at: 108)
        put("0000000", at: 116)
        put(octal(size, width: 11), at: 124)
        put(octal(modified, width: 11), at: 136)
        put("        ", at: 148)
        put("0", at: 156)
        put("ustar\u{0}00", at: 257)
        put(octal(header.reduce(0) { $0 + Int64($1) }, width: 6) + "\u{0} ", at: 148)
        return header
    }

    private static func write(
        _ format: (OpaquePointer) -> Int32, _ entries: [Entry], modified: Int64
    ) throws -> [UInt8] {
        guard let archive = archive_write_new() else { throw failure("there is no memory for an archive") }
        defer { archive_write_free(archive) }
        func check(_ status: Int32) throws {
            guard status == ARCHIVE_OK else {
                throw failure(archive_error_string(archive).map { String(cString: $0) } ?? "status \(status)")
            }
        }
        try check(format(archive))
        try check(archive_write_add_filter_bzip2(archive))
        // Small files gain nothing from large blocks, which cost memory and time.
        try check(archive_write_set_filter_option(archive, "bzip2", "compression-level", "1"))
        let content = entries.reduce(0) { $0 + $1.bytes.count + 1024 }
        let capacity = content + content / 50 + 32_768
        return try withUnsafeTemporaryAllocation(byteCount: capacity, alignment: 16) { buffer in
            var used = 0
            try check(archive_write_open_memory(archive, buffer.baseAddress, capacity, &used))
            for file in entries {
                let entry = archive_entry_new()
                defer { archive_entry_free(entry) }
                archive_entry_set_pathname(entry, file.path)
                archive_entry_set_size(entry, Int64(file.bytes.count))
                archive_entry_set_filetype(entry, 0o100000)
                archive_entry_set_perm(entry, 0o644)
                archive_entry_set_mtime(entry, time_t(modified), 0)
                try check(archive_write_header(archive, entry))
                let written = file.bytes.withUnsafeBytes { archive_write_data(archive, $0.baseAddress, $0.count) }
                guard written == file.bytes.count else { throw failure("'\(file.path)' could not be written") }
            }
            try check(archive_write_close(archive))
            return Array(buffer[..<used])
        }
    }

    private static func failure(_ reason: String) -> LivepatchError {
        LivepatchError(.internalFault, "libarchive cannot write an archive: \(reason).")
    }
}
