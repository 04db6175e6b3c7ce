import LivepatchArchive
import LivepatchKit

extension FuzzTarget {
    /// A bundle that opens has all that its list says, within the file; and its list is written so that it is read again.
    static let bundle = FuzzTarget("bundle") { bytes in
        guard let archive = try? TarBundle(ArchiveBytes(bytes: bytes)) else { return }
        var total = 0
        for (name, length) in archive.lengths {
            let member = try archive.read(name, at: 0, count: bytes.count + 1)
            try require(member.count == Int(length), "'\(name)' has \(member.count) bytes, and its header says \(length).")
            try require(try archive.read(name, at: length, count: 1).isEmpty, "Something follows the end of '\(name)'.")
            total += member.count
        }
        try require(total <= bytes.count, "The members have more bytes than the archive.")
        guard let bundle = try? PatchBundle(archive) else { return }
        for document in bundle.manifest.documents {
            try require(archive.lengths[document.name] == document.length, "'\(document.name)' is not as long as its list says.")
        }
        let written = try DocumentCoding.encode(bundle.manifest)
        let again = try DocumentCoding.encode(DocumentCoding.decode(BundleManifest.self, from: written))
        try require(again == written, "The list is another one when written twice.")
        _ = try? bundle.claimedProof()
    }
}

/// An archive in memory.
struct ArchiveBytes: StoredContentReader {
    let bytes: [UInt8]

    var length: Int64 { Int64(bytes.count) }

    func read(at offset: Int64, count: Int) throws -> [UInt8] {
        guard offset >= 0, offset < length, count > 0 else { return [] }
        return Array(bytes[Int(offset)..<min(bytes.count, Int(offset) + count)])
    }

    func close() {}
}
