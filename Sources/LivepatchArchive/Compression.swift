import CArchive
import LivepatchKit

/// The compressions that are undone here.
enum Compression: String, Sendable {
    case bzip2, gzip, xz, zstd

    /// That of a kernel module, by its file's name.
    /// - Returns: `nil` for one that is not compressed by itself.
    init?(ofModule name: some StringProtocol) {
        let suffixes: [(suffix: String, compression: Compression)] = [(".gz", .gzip), (".xz", .xz), (".zst", .zstd)]
        guard let known = suffixes.first(where: { name.hasSuffix($0.suffix) }) else { return nil }
        self = known.compression
    }

    /// Switches on its filter, and no other.
    /// - Returns: `ARCHIVE_WARN` if libarchive would call a program for it.
    func enable(_ archive: OpaquePointer) -> Int32 {
        switch self {
        case .bzip2: archive_read_support_filter_bzip2(archive)
        case .gzip: archive_read_support_filter_gzip(archive)
        case .xz: archive_read_support_filter_xz(archive)
        case .zstd: archive_read_support_filter_zstd(archive)
        }
    }

    /// libarchive's number of its filter.
    var code: Int32 {
        switch self {
        case .bzip2: ARCHIVE_FILTER_BZIP2
        case .gzip: ARCHIVE_FILTER_GZIP
        case .xz: ARCHIVE_FILTER_XZ
        case .zstd: ARCHIVE_FILTER_ZSTD
        }
    }
}
