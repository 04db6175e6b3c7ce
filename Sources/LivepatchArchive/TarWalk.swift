import CArchive
import LivepatchKit

/// Goes through the entries of a tar archive once and keeps what an import needs.
struct TarWalk {
    private let limits: PatchArchiveLimits
    private let handle: ArchiveHandle

    /// - Parameter stream: the archive without its compression.
    init(_ stream: UnpackedStream, limits: PatchArchiveLimits) throws {
        self.limits = limits
        do {
            handle = try ArchiveHandle(archive_read_support_format_tar) { try stream.next() }
        } catch let fault as ArchiveHandle.Fault where fault.message.contains("Unrecognized archive format") {
            throw TarballReader.invalid("what it unpacks to is not a tar archive")
        }
    }

    /// How many bytes of the archive have been gone through, its end included after ``run()``.
    var consumed: Int64 { archive_filter_bytes(handle.archive, 0) }

    func run() throws -> PatchArchiveContents {
        var modules: [PatchArchiveContents.Entry] = []
        var metadata: PatchArchiveContents.Entry?
        var entries = 0
        var total: Int64 = 0
        while let entry = try next() {
            entries += 1
            guard entries <= limits.entries else {
                throw LivepatchError(.patchTooLarge, "The archive has more than the allowed \(limits.entries) entries.")
            }
            let path = try Self.path(entry)
            guard try Self.isFile(entry, path) else { continue }
            let size = archive_entry_size(entry)
            // A sparse file claims more than it brings, so the claims are bounded too.
            let (sum, overflow) = total.addingReportingOverflow(size)
            guard size >= 0, !overflow, sum <= limits.unpackedBytes else {
                throw LivepatchError(
                    .patchTooLarge, "The archive's files have more than the allowed \(limits.unpackedBytes) bytes together.")
            }
            total = sum
            let name = path.split(separator: "/").last ?? ""
            if PatchArchiveContents.moduleSuffixes.contains(where: { name.hasSuffix($0) }) {
                let bytes = try modules.isEmpty ? module(size, of: path, room: limits.unpackedBytes - total) : []
                modules.append(.init(path: path, bytes: bytes))
            } else if name == "patch.json" {
                guard metadata == nil else { throw TarballReader.invalid("it has more than one patch.json") }
                metadata = .init(path: path, bytes: try content(size, of: path, limit: limits.metadataBytes))
            }
        }
        return PatchArchiveContents(modules: modules, metadata: metadata)
    }

    private func next() throws -> OpaquePointer? {
        var entry: OpaquePointer?
        switch archive_read_next_header(handle.archive, &entry) {
        case ARCHIVE_OK: return entry
        case ARCHIVE_EOF: return nil
        case ARCHIVE_WARN where archive_entry_pathname_utf8(entry) != nil || archive_entry_pathname(entry) != nil:
            // A header that can only be read in part, such as a name in an unknown encoding, is enough here.
            return entry
        default: throw handle.problem()
        }
    }

    /// The entry's name without `./`.
    private static func path(_ entry: OpaquePointer) throws -> String {
        guard let text = archive_entry_pathname_utf8(entry) ?? archive_entry_pathname(entry) else {
            throw TarballReader.invalid("it has an entry whose name cannot be read")
        }
        let path = String(cString: text)
        guard !path.hasPrefix("/") else { throw TarballReader.invalid("its entry '\(path)' has an absolute path") }
        let parts = path.split(separator: "/")
        guard !parts.contains("..") else { throw TarballReader.invalid("its entry '\(path)' leads out of the directory") }
        return parts.filter { $0 != "." }.joined(separator: "/")
    }

    /// - Returns: `false` for a directory.
    private static func isFile(_ entry: OpaquePointer, _ path: String) throws -> Bool {
        // The constants are C macros with casts, which Swift does not see: the file types of POSIX.
        let kind: String
        switch archive_entry_filetype(entry) {
        case _ where archive_entry_hardlink(entry) != nil: kind = "a hard link"
        case 0o100000: return true
        case 0o040000: return false
        case 0o120000: kind = "a symbolic link"
        case 0o020000, 0o060000: kind = "a device"
        case 0o010000: kind = "a FIFO"
        case 0o140000: kind = "a socket"
        default: kind = "of an unknown kind"
        }
        throw TarballReader.invalid("its entry '\(path)' is \(kind)")
    }

    /// - Parameter room: what is left of the bound on everything together.
    private func module(_ size: Int64, of path: String, room: Int64) throws -> [UInt8] {
        let bytes = try content(size, of: path, limit: limits.moduleBytes)
        guard let compression = Compression(ofModule: path) else { return bytes }
        return try PackedModule(path: path, bytes: bytes, compression: compression).unpacked(limit: min(limits.moduleBytes, room))
    }

    private func content(_ size: Int64, of path: String, limit: Int64) throws -> [UInt8] {
        guard size <= limit else {
            throw LivepatchError(
                .patchTooLarge, "'\(path)' in the archive has \(size) bytes, more than the allowed \(limit).")
        }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = try handle.data(into: &chunk), count > 0 {
            bytes += chunk[..<count]
            // libarchive keeps to the size that it gave; this does not rely on it.
            guard bytes.count <= limit else {
                throw LivepatchError(.patchTooLarge, "'\(path)' in the archive has more than the allowed \(limit) bytes.")
            }
        }
        return bytes
    }
}
