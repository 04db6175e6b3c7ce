import Foundation
import LivepatchService
import TUF

extension FuzzTarget {
    /// The name of a role or the path of a target, whatever it holds, becomes a URL that means it and nothing else, and a file of its
    /// own that stays in its directory.
    static let names = FuzzTarget("names") { bytes in
        guard let name = String(validating: bytes, as: UTF8.self) else { return }
        try checkRole(name)
        try checkTarget(name)
    }

    private static func checkRole(_ role: String) throws {
        let path = RepositoryFile.metadata(role, version: nil).path
        // Foundation's decoding drops a byte order mark.
        let decoded = PercentEncoding.decoded(path)
        try require(decoded?.utf8.elementsEqual("\(role).json".utf8) ?? false, "\(path) does not mean the role.")
        let (stored, cached) = (FileName.decoded(path), FileName.encoded(role, suffix: ".json"))
        try require(isFileName(stored), "A repository's file would be \(stored).")
        try require(isFileName(cached), "A client's file would be \(cached).")
        // Roles that are easily taken for this one.
        for other in [String(path.dropLast(5)), role.removingPercentEncoding ?? "", "%sha256-\(role)", cached] + [stored]
        where !other.utf8.elementsEqual(role.utf8) {
            let otherPath = RepositoryFile.metadata(other, version: nil).path
            try require(FileName.decoded(otherPath) != stored, "In a repository the role \(other) has the same file: \(stored)")
            try require(FileName.encoded(other, suffix: ".json") != cached, "The role \(other) has the same file: \(cached)")
        }
    }

    private static func checkTarget(_ target: String) throws {
        let path = RepositoryFile.target(target, hash: nil).path
        try require(RepositoryFile.target(path, hash: nil).path == path, "\(path) is encoded when encoded again.")
        let url = URLComponents(string: "http://host/\(path)")
        try require(url?.percentEncodedPath == "/\(path)", "\(path) is no path of a URL.")
        try require(url?.query == nil && url?.fragment == nil, "\(path) is not all path.")
        var parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        for file in parts.map({ FileName.decoded($0) }) where !file.isEmpty {
            try require(isFileName(file), "A repository's file would be \(file).")
        }
        parts[parts.count - 1] = "ab.\(parts[parts.count - 1])"
        let consistent = RepositoryFile.target(target, hash: "ab").path
        try require(consistent == parts.joined(separator: "/"), "The path with a hash is \(consistent).")
    }

    private static func isFileName(_ name: String) -> Bool {
        (1...255).contains(name.utf8.count) && name != "." && name != ".." && !name.utf8.contains { $0 == 0 || $0 == 0x2F }
    }
}
