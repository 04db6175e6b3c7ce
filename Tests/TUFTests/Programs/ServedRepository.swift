import ScriptedServer
import TUF

/// A repository on a loopback port. Paths are looked up as they were sent, percent-encoded.
struct ServedRepository {
    let server: ScriptedServer

    init(_ storage: any RepositoryStorage) async throws {
        server = try await ScriptedServer.start { request in
            for area in RepositoryFile.Area.allCases {
                let prefix = "/\(area.rawValue)/"
                guard request.target.hasPrefix(prefix) else { continue }
                let file = RepositoryFile(area, String(request.target.dropFirst(prefix.count)))
                if let bytes = try await storage.read(file) { return .status(200, bytes) }
            }
            return .status(404)
        }
    }

    var metadata: String { server.url + "/metadata" }
    var targets: String { server.url + "/targets/" }

    /// The paths of all requests so far.
    var requests: [String] { server.requests.map(\.target) }
}
