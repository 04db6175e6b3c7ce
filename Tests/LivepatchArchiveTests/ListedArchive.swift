import CArchive

/// What libarchive finds in a tar archive.
enum ListedArchive {
    struct Unreadable: Error {}

    static func entries(of bytes: [UInt8]) throws -> [(name: String, bytes: [UInt8])] {
        guard let archive = archive_read_new() else { throw Unreadable() }
        defer { archive_read_free(archive) }
        archive_read_support_format_tar(archive)
        return try bytes.withUnsafeBytes { buffer in
            guard archive_read_open_memory(archive, buffer.baseAddress, buffer.count) == ARCHIVE_OK else { throw Unreadable() }
            var entries: [(name: String, bytes: [UInt8])] = []
            var entry: OpaquePointer?
            while true {
                switch archive_read_next_header(archive, &entry) {
                case ARCHIVE_EOF: return entries
                case ARCHIVE_OK: break
                default: throw Unreadable()
                }
                var content = [UInt8](repeating: 0, count: Int(archive_entry_size(entry)))
                guard archive_read_data(archive, &content, content.count) == content.count else { throw Unreadable() }
                entries.append((String(cString: archive_entry_pathname(entry)), content))
            }
        }
    }
}
