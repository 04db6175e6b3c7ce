import LivepatchArchive
import LivepatchKit
import PatchGenerator

extension FuzzTarget {
    /// A patch file is taken or refused with a reason, and nothing in it gets larger than it may. The input is a tar archive, whose
    /// checksums are put right; and a patch file as it is.
    static let tarball = FuzzTarget("tarball") { bytes in
        try checkContents(bytes)
        try checkContents(TarballWriter.bzip2(withChecksums(bytes)))
    }

    private static let limits = PatchArchiveLimits(
        archiveBytes: 1 << 20, unpackedBytes: 1 << 20, moduleBytes: 4096, metadataBytes: 512, entries: 8)

    private static func checkContents(_ bytes: [UInt8]) throws {
        let contents: PatchArchiveContents
        do {
            contents = try TarballReader().unpack(ArchiveBytes(bytes: bytes), limits: limits)
        } catch let error as LivepatchError {
            try require(!error.message.isEmpty, "The archive is refused without a reason.")
            return
        }
        for module in contents.modules {
            try require(module.bytes.count <= limits.moduleBytes, "\(module.path) has \(module.bytes.count) bytes.")
            try require(
                !module.path.hasPrefix("/") && !module.path.split(separator: "/").contains(".."), "\(module.path) leads out.")
        }
        try require(contents.metadata.map { $0.bytes.count <= limits.metadataBytes } ?? true, "patch.json is too large.")
        let name = try PatchFileName(parsing: "livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2")
        do {
            _ = try PatchInspection.inspect(contents, as: name)
        } catch is LivepatchError {}
    }

    /// Headers of tar (POSIX, ustar) with the checksums that they should have: else nothing that is changed would be looked at.
    private static func withChecksums(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for start in stride(from: 0, to: bytes.count - 511, by: 512)
        where bytes[start + 257..<start + 262].elementsEqual("ustar".utf8) {
            for index in start + 148..<start + 156 { bytes[index] = UInt8(ascii: " ") }
            let digits = String(bytes[start..<start + 512].reduce(0) { $0 + Int($1) }, radix: 8)
            let text = String(repeating: "0", count: max(0, 6 - digits.count)) + digits + "\u{0}"
            bytes.replaceSubrange(start + 148..<start + 148 + text.utf8.count, with: text.utf8)
        }
        return bytes
    }
}
