import Foundation
import LivepatchKit
import ScriptedServer

/// What a downstream of one release and an upstream of the same release said to each other, kept for the releases that follow: a folder of
/// `Tests/Fixtures/compatibility`, with the answers' bodies and the data directory that the upstream ended with.
struct CompatibilityFixture: Sendable, CustomStringConvertible {
    struct Exchange: Codable, Sendable {
        let method: String
        let path: String
        /// The fields of the request that decide the answer.
        let asked: [String: String]
        /// The SHA-256 of the request's body; `nil` for none.
        let sent: String?
        let status: Int
        /// The fields of the answer that a downstream reads.
        let answered: [String: String]
        /// The SHA-256 of the answer's body; `nil` for none.
        let body: String?
    }

    struct Record: Codable, Sendable {
        /// When it was recorded: the time at which the metadata in it is good.
        let time: Date
        let release: String
        /// The sync token's secret.
        let token: String
        /// The fingerprints of the roots that the downstream was told to trust.
        let trustedRoots: [SHA256Digest]
        /// What each tier offered.
        let offers: [String: [String]]
        let exchanges: [Exchange]
    }

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/compatibility")

    /// One for each release.
    static func all() throws -> [CompatibilityFixture] {
        try FileManager.default.contentsOfDirectory(at: root, includingPropertiesForKeys: [.isDirectoryKey])
            .filter { try $0.resourceValues(forKeys: [.isDirectoryKey]).isDirectory == true }
            .sorted { $0.path < $1.path }.map(CompatibilityFixture.init)
    }

    let folder: URL
    let record: Record

    init(_ folder: URL) throws {
        self.folder = folder
        record = try DocumentCoding.decode(
            Record.self, from: try Data(contentsOf: folder.appending(path: "transcript.json")))
    }

    var description: String { folder.lastPathComponent }

    /// Copies the upstream's data directory as it was at the end. That nobody else may read its keys is nothing that git keeps.
    func copyData(to path: String) throws {
        try FileManager.default.copyItem(atPath: folder.appending(path: "data").path, toPath: path)
        for name in ["."] + (FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []) {
            var isFolder: ObjCBool = false
            let file = "\(path)/\(name)"
            _ = FileManager.default.fileExists(atPath: file, isDirectory: &isFolder)
            try FileManager.default.setAttributes([.posixPermissions: isFolder.boolValue ? 0o700 : 0o600], ofItemAtPath: file)
        }
    }

    func body(of exchange: Exchange) throws -> [UInt8]? { try exchange.body.map(body) }

    /// What was sent or answered, by its SHA-256.
    func body(_ digest: String) throws -> [UInt8] {
        Array(try Data(contentsOf: folder.appending(path: "bodies/\(digest)")))
    }

    /// What the downstream told of its machines, each body once.
    var reports: [Exchange] {
        var seen: Set<String?> = []
        return record.exchanges.filter { $0.method == "POST" && $0.status == 200 && seen.insert($0.sent).inserted }
    }

    /// The paths that were read, each once, with the answer.
    var readings: [Exchange] {
        var seen: Set<String> = []
        return record.exchanges.filter { $0.method == "GET" && $0.status == 200 && seen.insert($0.path).inserted }
    }

    /// Answers as the upstream of that release did.
    func script() throws -> ScriptedServer.Script {
        let bodies = Dictionary(
            try readings.map { ($0.path, try body(of: $0) ?? []) }, uniquingKeysWith: { first, _ in first })
        let fields = Dictionary(readings.map { ($0.path, $0.answered) }, uniquingKeysWith: { first, _ in first })
        let authorization = "Bearer \(record.token)"
        return { request in
            guard request.header("Authorization") == authorization else { return .status(401) }
            guard request.method == "GET", let body = bodies[request.path] else { return .status(404) }
            var answer = ScriptedAnswer.content(body, for: request)
            for (name, value) in fields[request.path] ?? [:] where name != "etag" { answer = answer.header(name, value) }
            return answer
        }
    }
}
