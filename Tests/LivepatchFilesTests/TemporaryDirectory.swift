import Foundation
import LivepatchKit

/// A directory that is deleted with the value's last reference.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("livepatch-\(UUID())").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    func write(_ name: String, _ text: String) throws { try Data(text.utf8).write(to: URL(fileURLWithPath: file(name))) }

    func names(_ below: String = ".") throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: file(below)).sorted()
    }

    func mode(_ name: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: file(name))
        return (attributes[.posixPermissions] as? NSNumber)?.intValue ?? -1
    }
}

/// Bytes that are the same for the same seed.
func someBytes(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    return (0..<count).map { _ in
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return UInt8(truncatingIfNeeded: state >> 24)
    }
}

func code(of error: (any Error)?) -> LivepatchError.Code? { (error as? LivepatchError)?.code }

extension PatchStorage {
    /// Brings content in, in pieces.
    @discardableResult func put(_ bytes: [UInt8], piece: Int = 1 << 16) async throws -> SHA256Digest {
        let digest = SHA256Digest(of: bytes)
        let staged = try await stage(digest, length: Int64(bytes.count))
        for start in stride(from: Int(await staged.arrived), to: bytes.count, by: piece) {
            try await staged.append(Array(bytes[start..<min(start + piece, bytes.count)]))
        }
        try await staged.finish()
        return digest
    }

    func all(_ digest: SHA256Digest) async throws -> [UInt8] {
        let reader = try await open(digest)
        defer { reader.close() }
        return try reader.read(at: 0, count: Int(reader.length))
    }
}
