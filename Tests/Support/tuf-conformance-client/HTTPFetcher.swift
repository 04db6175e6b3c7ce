import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import TUF

/// Fetches a repository's files over HTTP.
struct HTTPFetcher: RepositoryFetcher {
    private let client: HTTPClient
    private let bases: [RepositoryFile.Area: String]

    /// - Parameters:
    ///   - metadata: the URL below which metadata lies.
    ///   - targets: the URL below which targets lie; `nil` if none will be asked for.
    init(metadata: String, targets: String?) {
        var configuration = HTTPClient.Configuration(timeout: .init(connect: .seconds(10), read: .seconds(30)))
        configuration.httpVersion = .http1Only
        client = HTTPClient(configuration: configuration)
        bases = [.metadata: metadata, .targets: targets].compactMapValues { $0.map { $0.hasSuffix("/") ? $0 : $0 + "/" } }
    }

    func close() async { try? await client.shutdown() }

    func fetch(_ file: RepositoryFile, into receiver: FileReceiver) async throws -> Bool {
        guard let base = bases[file.area] else { throw TUFError(.notPossible, "There is no URL for \(file.area.rawValue).") }
        // The updater limits the time; this is for one that does not.
        let response = try await client.execute(HTTPClientRequest(url: base + file.path), timeout: .hours(1))
        switch response.status.code {
        case 200: break
        // Storages that do not let others list their files say 403 for those that are not there.
        case 403, 404: return false
        case let code: throw TUFError(.unavailable, "The server answers \(code) to “\(base)\(file.path)”.")
        }
        for try await piece in response.body { try receiver.receive(Array(piece.readableBytesView)) }
        return true
    }
}
