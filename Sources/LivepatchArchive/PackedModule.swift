import LivepatchKit

/// A kernel module that is compressed by itself, as distributions install them.
struct PackedModule {
    let path: String
    let bytes: [UInt8]
    let compression: Compression

    /// - Parameter limit: the most bytes that it may unpack to.
    /// - Throws: ``LivepatchError`` with the codes `patch-module-invalid` and `patch-too-large`.
    func unpacked(limit: Int64) throws -> [UInt8] {
        let tooLarge = LivepatchError(
            .patchTooLarge, "'\(path)' in the archive has \(bytes.count) bytes and unpacks to more than the allowed \(limit).",
            suggestion: "No kernel module is that large; this may be an attack.")
        do {
            let stream = try UnpackedStream(Source(bytes: bytes), compression, limit: limit, tooLarge: tooLarge)
            var module: [UInt8] = []
            while case let piece = try stream.next(), !piece.isEmpty { module += piece }
            guard stream.trailing == 0 else { throw invalid("\(stream.trailing) bytes follow the end of the compressed data") }
            // The checksums of the other two are checked by the libraries that unpack them; libarchive passes over gzip's.
            if compression == .gzip, !GzipTrailer.fits(module, packed: bytes) {
                throw invalid("what it unpacks to does not have the checksum at its end")
            }
            return module
        } catch let fault as ArchiveHandle.Fault {
            throw invalid(fault.message)
        }
    }

    private func invalid(_ reason: String) -> LivepatchError {
        LivepatchError(
            .patchModuleInvalid, "'\(path)' cannot be unpacked as \(compression): \(reason).",
            suggestion: "Compress the module again, or put it into the archive as a plain .ko file.")
    }

    private struct Source: StoredContentReader {
        let bytes: [UInt8]
        var length: Int64 { Int64(bytes.count) }

        func read(at offset: Int64, count: Int) -> [UInt8] { Array(bytes.dropFirst(Int(offset)).prefix(count)) }

        func close() {}
    }
}
