import CArchive
import LivepatchKit
import Testing

/// Archives with whatever in them, and in whatever compression.
enum TestArchive {
    struct Entry {
        var path: String
        var bytes: [UInt8] = []
        var type: UInt32 = 0o100000
        var symlink: String?
        var hardlink: String?
    }

    static func make(
        _ entries: [Entry], filter: (OpaquePointer) -> Int32 = archive_write_add_filter_bzip2,
        format: (OpaquePointer) -> Int32 = archive_write_set_format_pax_restricted
    ) throws -> [UInt8] {
        let archive = try #require(archive_write_new())
        defer { archive_write_free(archive) }
        try #require(format(archive) == ARCHIVE_OK && filter(archive) == ARCHIVE_OK)
        var bytes = [UInt8](repeating: 0, count: entries.reduce(1 << 17) { $0 + 2 * $1.bytes.count + 8192 })
        let capacity = bytes.count
        var used = 0
        try bytes.withUnsafeMutableBytes { buffer in
            try #require(archive_write_open_memory(archive, buffer.baseAddress, capacity, &used) == ARCHIVE_OK)
            for item in entries {
                let entry = archive_entry_new()
                defer { archive_entry_free(entry) }
                archive_entry_set_pathname(entry, item.path)
                archive_entry_set_filetype(entry, item.type)
                archive_entry_set_perm(entry, 0o644)
                archive_entry_set_size(entry, Int64(item.bytes.count))
                if let symlink = item.symlink { archive_entry_set_symlink(entry, symlink) }
                if let hardlink = item.hardlink { archive_entry_set_hardlink(entry, hardlink) }
                try #require(archive_write_header(archive, entry) == ARCHIVE_OK)
                if !item.bytes.isEmpty { archive_write_data(archive, item.bytes, item.bytes.count) }
            }
            try #require(archive_write_close(archive) == ARCHIVE_OK)
        }
        return Array(bytes[..<used])
    }

    /// Bytes as one stream of a compression.
    static func compressed(
        _ bytes: [UInt8], filter: (OpaquePointer) -> Int32 = archive_write_add_filter_bzip2
    ) throws -> [UInt8] {
        try make([Entry(path: "data", bytes: bytes)], filter: filter, format: archive_write_set_format_raw)
    }
}
