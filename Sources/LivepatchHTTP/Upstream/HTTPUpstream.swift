import AsyncHTTPClient
import LivepatchAPI
public import LivepatchKit
public import Logging
import NIOHTTP1

/// An upstream that is reached over HTTP, asked with a sync token.
///
/// It does not retry, and it judges what arrives: an answer that does not fit the request is refused before its body is read.
/// The token is sent to the upstream's own origin and to nobody else.
public struct HTTPUpstream: UpstreamServer {
    /// The largest head that is taken, in bytes.
    public static let headLimit: Int64 = 1 << 20

    /// The upstream's URL, which never holds credentials.
    public func address() async -> String { server.description }

    let server: ServerAddress
    let transport: Transport
    private let token: String
    private let deployment: DeploymentID?
    private let lag: AnnouncedLag?

    /// - Parameters:
    ///   - lag: told what the upstream says of its own lag behind the origin.
    ///   - token: the sync token's secret.
    ///   - deployment: who asks, so that the upstream's administrator can see which token is used where.
    /// - Throws: ``LivepatchError`` with the code `malformed-value` for a token that cannot be one; it is not repeated.
    public init(
        _ address: ServerAddress, token: String, deployment: DeploymentID? = nil, lag: AnnouncedLag? = nil,
        options: ConnectionOptions = ConnectionOptions(), logger: Logger = Logger(label: "livepatch.upstream")
    ) throws {
        guard (1...512).contains(token.utf8.count), token.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw LivepatchError(
                .malformedValue, "The sync token for \(address) is empty, too long or has characters that no token has.",
                suggestion: "Copy it again from where 'livepatch-admin sync-tokens add' printed it.")
        }
        server = address
        self.token = token
        self.deployment = deployment
        self.lag = lag
        transport = Transport(options, logger: logger)
    }

    /// Ends all connections; what is under way fails with the code `cancelled`.
    public func close() async { await transport.close() }

    public func head(unless tag: String?) async throws -> UpstreamDocument? {
        var request = request(server.url(Paths.syncHead))
        if let tag { request.headers.add(name: "if-none-match", value: EntityTag.strong(tag)) }
        let refusal = UpstreamRefusal(asked: server.description, for: "the head of its view", isUniversal: true)
        let answer = try await send(request, to: server.origin, refusal)
        lag?.note(answer.field(HeaderNames.lag))
        if tag != nil, answer.status == .notModified {
            await answer.body.finish()
            return nil
        }
        return try await document(answer, limit: Self.headLimit, refusal)
    }

    public func document(_ name: DocumentName, limit: Int64) async throws -> UpstreamDocument {
        let refusal = UpstreamRefusal(asked: server.description, for: "the document '\(name)'")
        let answer = try await send(request(server.url(Paths.syncDocument(name))), to: server.origin, refusal)
        return try await document(answer, limit: limit, refusal)
    }

    public func metadata(_ file: MetadataFile, limit: Int64) async throws -> [UInt8]? {
        let refusal = UpstreamRefusal(asked: server.description, for: "the metadata \(file)")
        let answer = try await send(request(server.url(Paths.metadata(file))), to: server.origin, refusal)
        if answer.status == .notFound {
            await answer.body.finish()
            return nil
        }
        return try await document(answer, limit: limit, refusal).bytes
    }

    func document(_ answer: Answer, limit: Int64, _ refusal: UpstreamRefusal) async throws -> UpstreamDocument {
        guard answer.status == .ok else { throw await refusal.error(answer) }
        let tooLong = refusal.malformed("the answer is longer than \(limit) bytes")
        guard answer.contentLength ?? 0 <= limit else { throw tooLong }
        do {
            guard let bytes = try await answer.body.collect(limit: limit) else { throw tooLong }
            return UpstreamDocument(bytes: bytes, tag: EntityTag.opaque(answer.field("etag")))
        } catch let failure as TransportFailure {
            throw refusal.error(failure)
        }
    }

    // MARK: Requests

    /// A request as the upstream itself gets it.
    func request(_ url: String) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: url)
        request.headers.add(name: "authorization", value: "Bearer \(token)")
        if let deployment { request.headers.add(name: HeaderNames.deployment, value: deployment.description) }
        return request
    }

    func send(_ request: HTTPClientRequest, to origin: Origin, _ refusal: UpstreamRefusal) async throws -> Answer {
        do {
            return try await transport.send(request, to: origin)
        } catch let failure as TransportFailure {
            throw refusal.error(failure)
        }
    }
}
