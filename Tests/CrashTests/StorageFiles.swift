import Foundation
import LivepatchKit

/// What lies in a storage's directory, as anybody can see it.
struct StorageFiles: Sendable {
    let directory: String

    /// What has arrived of content that is not whole yet, in bytes.
    func staged() -> [String: Int64] {
        let folder = "\(directory)/staging"
        var lengths: [String: Int64] = [:]
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] where name.hasSuffix(".part") {
            let attributes = try? FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")
            if let length = attributes?[.size] as? NSNumber { lengths[String(name.dropLast(5))] = length.int64Value }
        }
        return lengths
    }

    /// Whether the whole content is there.
    func holds(_ digest: SHA256Digest) -> Bool { FileManager.default.fileExists(atPath: path(of: digest)) }

    func path(of digest: SHA256Digest) -> String {
        "\(directory)/content/sha256/\(digest.description.prefix(2))/\(digest)"
    }
}
