import CArchive
import Dispatch
public import LivepatchKit

/// Reads patch files (`.tar.bz2`) with libarchive, in memory: nothing is ever unpacked to a disk.
///
/// An archive is refused if anything in it would be dangerous to somebody who unpacks it: absolute paths, `..`, links, devices.
public struct TarballReader: PatchArchiveReader {
    public init() {}

    /// Unpacking takes a thread for milliseconds to seconds, which must not be one of those that all tasks share.
    public func contents(
        of archive: any StoredContentReader, limits: PatchArchiveLimits
    ) async throws -> PatchArchiveContents {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(with: Result { try self.unpack(archive, limits: limits) })
            }
        }
    }

    /// What ``contents(of:limits:)`` does, on this thread, which it blocks.
    public func unpack(_ archive: any StoredContentReader, limits: PatchArchiveLimits) throws -> PatchArchiveContents {
        guard archive.length <= limits.archiveBytes else {
            throw LivepatchError(
                .patchTooLarge, "The archive has \(archive.length) bytes, more than the allowed \(limits.archiveBytes).")
        }
        if let complaint = CompressionSniffer.complaint(try archive.read(at: 0, count: 512)) {
            throw Self.invalid(complaint)
        }
        do {
            let stream = try UnpackedStream(
                archive, .bzip2, limit: limits.unpackedBytes,
                tooLarge: LivepatchError(
                    .patchTooLarge,
                    "The archive has \(archive.length) bytes and unpacks to more than the allowed \(limits.unpackedBytes).",
                    suggestion: "A patch file holds one module and little else; this may be an attack."))
            let walk = try TarWalk(stream, limits: limits)
            let contents = try walk.run()
            // The archive's end has been seen; what lies behind it must be padding, and behind that nothing.
            while try !stream.next().isEmpty {}
            guard stream.contentEnd <= walk.consumed else { throw Self.invalid("something follows the end of the tar archive") }
            guard stream.trailing == 0 else {
                throw Self.invalid("\(stream.trailing) bytes follow the end of the compressed data")
            }
            return contents
        } catch let fault as ArchiveHandle.Fault {
            let tail = try archive.read(at: max(0, archive.length - Int64(BzipEnd.length)), count: BzipEnd.length)
            guard fault.isTruncation || !BzipEnd.isPresent(tail) else { throw Self.invalid(fault.message) }
            throw LivepatchError(
                .patchTruncated, "The archive ends before its end (\(archive.length) bytes are there).",
                suggestion: "Copy it again; the transfer was probably interrupted.")
        }
    }

    static func invalid(_ reason: String) -> LivepatchError {
        LivepatchError(
            .patchArchiveInvalid, "The archive cannot be taken: \(reason).",
            suggestion: "A patch file is a tar archive compressed with bzip2 ('tar cjf'), with a module and perhaps a patch.json."
        )
    }
}
