import AsyncHTTPClient
import LivepatchAPI
import LivepatchKit
public import Logging
import NIOCore
import NIOHTTP1

/// The administrator's side of a server: a function for each endpoint of ``LivepatchAPI/Paths`` that is not a downstream's.
///
/// Errors are ``LivepatchError``s: the server's own, read from its problem details with their codes, and those of the way there
/// (`server-unreachable`, `unavailable`, `login-required`, `not-found`, `cancelled`), which name the URL that was asked.
public struct AdminClient: Sendable {
    /// The most bytes of an answer that is read at once.
    static let answerLimit: Int64 = 256 << 20
    /// How long the server may be silent while it works: on what was uploaded, and between two lines of a stream of events.
    static let workPatience = Duration.seconds(300)

    public let server: ServerAddress
    let transport: Transport
    let timeouts: ConnectionTimeouts
    private let session: String?

    /// - Parameter session: the session's token, from ``login(user:password:)``; `nil` for whoever has not logged in.
    public init(
        _ server: ServerAddress, session: String? = nil, options: ConnectionOptions = ConnectionOptions(),
        logger: Logger = Logger(label: "livepatch.admin")
    ) {
        self.init(server, session: session, transport: Transport(options, logger: logger), timeouts: options.timeouts)
    }

    private init(_ server: ServerAddress, session: String?, transport: Transport, timeouts: ConnectionTimeouts) {
        self.server = server
        self.session = session
        self.transport = transport
        self.timeouts = timeouts
    }

    /// The same client, logged in. It shares this one's connections.
    public func with(session: String) -> AdminClient {
        AdminClient(server, session: session, transport: transport, timeouts: timeouts)
    }

    /// Ends all connections; what is under way fails with the code `cancelled`.
    public func close() async { await transport.close() }

    // MARK: Requests

    func request(_ method: HTTPMethod, _ path: String, query: [(name: String, value: String)] = []) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: server.url(path, query: query))
        request.method = method
        request.headers.add(name: "accept", value: "application/json, application/x-ndjson, \(Problem.mediaType)")
        if let session { request.headers.add(name: "authorization", value: "Bearer \(session)") }
        return request
    }

    func request(_ method: HTTPMethod, _ path: String, body: some Encodable) throws -> HTTPClientRequest {
        var request = request(method, path)
        request.headers.add(name: "content-type", value: "application/json")
        request.body = .bytes(ByteBuffer(bytes: try DocumentCoding.encode(body)))
        return request
    }

    /// Sends a request, again and again if the server has too much to do.
    /// - Returns: an answer with a status that means success.
    func answer(_ request: HTTPClientRequest, patience: Transport.Patience? = nil) async throws -> Answer {
        try await BusyServer.patiently(transport.options.patience) { try await answerOnce(request, patience: patience) }
    }

    /// Sends a request.
    /// - Returns: an answer with a status that means success.
    func answerOnce(_ request: HTTPClientRequest, patience: Transport.Patience? = nil) async throws -> Answer {
        let refusal = AdminRefusal(request)
        do {
            let answer = try await transport.send(request, to: server.origin, patience: patience)
            guard (200...299).contains(answer.status.code) else { throw await refusal.error(answer) }
            return answer
        } catch let failure as TransportFailure {
            throw refusal.error(failure)
        }
    }

    /// Sends a request whose answer is one value.
    func value<Value: Decodable>(_ request: HTTPClientRequest) async throws -> Value {
        try await value(Value.self, in: answer(request), to: request)
    }

    func value<Value: Decodable>(_ type: Value.Type, in answer: Answer, to request: HTTPClientRequest) async throws -> Value {
        let bytes = try await bytes(answer, to: request)
        do {
            return try DocumentCoding.decode(type, from: bytes)
        } catch {
            throw AdminRefusal(request).foreign("its answer cannot be read: \(DocumentCoding.reason(error))", cause: error)
        }
    }

    func bytes(_ answer: Answer, to request: HTTPClientRequest) async throws -> [UInt8] {
        let refusal = AdminRefusal(request)
        do {
            guard let bytes = try await answer.body.collect(limit: Self.answerLimit) else {
                throw refusal.foreign("its answer is longer than \(Self.answerLimit) bytes")
            }
            return bytes
        } catch let failure as TransportFailure {
            throw refusal.error(failure)
        }
    }

    /// Sends a request whose answer does not matter.
    func perform(_ request: HTTPClientRequest) async throws { _ = try await bytes(answer(request), to: request) }
}
