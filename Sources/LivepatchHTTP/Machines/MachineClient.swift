import AsyncHTTPClient
public import LivepatchAPI
public import LivepatchKit
public import Logging
import NIOCore
import NIOHTTP1

/// A machine's side of its server: registration with an auth token, then everything else with the machine token.
///
/// It does not retry, but for the registration with a server that has too much to do. Errors are ``LivepatchError``s: the server's own,
/// read from its problem details with their codes, and those of the way there (`server-unreachable`, `unavailable`, `token-refused`, `cancelled`). A token is sent to the server's own origin and to
/// nobody else.
public struct MachineClient: MachineServer {
    /// The most bytes of an answer that is read.
    static let answerLimit: Int64 = 1 << 20

    public let server: ServerAddress
    public let machine: MachineID
    /// The documents and the content that the machine's token opens.
    public var view: any UpstreamServer { announcer }
    /// The same, which announces changes where the server does that for machines.
    public let announcer: any HeadAnnouncer
    private let token: String
    private let transport: Transport
    private let upstream: HTTPUpstream

    /// - Parameter token: the machine token, from ``register(_:with:options:logger:)``.
    /// - Throws: ``LivepatchError`` with the code `malformed-value` for a token that cannot be one; it is not repeated.
    public init(
        _ server: ServerAddress, machine: MachineID, token: String, options: ConnectionOptions = ConnectionOptions(),
        logger: Logger = Logger(label: "livepatch.machine")
    ) throws {
        self.server = server
        self.machine = machine
        self.token = token
        try MachineRefusal.check(token, "machine token")
        transport = Transport(options, logger: logger)
        upstream = try HTTPUpstream(server, token: token, options: options, logger: logger)
        announcer = MachineView(upstream: upstream)
    }

    /// `POST /v1/client/{machine-id}/register`: attaches a machine. Its token is told this once.
    /// - Parameter authToken: the secret that an administrator issued.
    /// - Throws: ``LivepatchError`` with the codes `malformed-value`, `token-refused`, `machine-limit`, and those of the way there.
    public static func register(
        _ machine: MachineID, at server: ServerAddress, with authToken: String, options: ConnectionOptions = ConnectionOptions(),
        logger: Logger = Logger(label: "livepatch.machine")
    ) async throws -> RegistrationBody {
        try MachineRefusal.check(authToken, "auth token")
        let transport = Transport(options, logger: logger)
        do {
            let exchange = MachineExchange(transport: transport, server: server, token: authToken, isRegistration: true)
            // Somebody waits for it, unlike for all that follows.
            let body: RegistrationBody = try await BusyServer.patiently(options.patience) {
                try await exchange.value(exchange.request(.POST, Paths.machineRegister(machine)))
            }
            await transport.close()
            return body
        } catch {
            await transport.close()
            throw error
        }
    }

    /// Ends all connections; what is under way fails with the code `cancelled`.
    public func close() async {
        await transport.close()
        await upstream.close()
    }

    private var exchange: MachineExchange {
        MachineExchange(transport: transport, server: server, token: token, isRegistration: false)
    }

    /// `POST /v1/client/{machine-id}/updates`
    public func checkIn(_ report: MachineReport) async throws -> CheckInAnswer {
        try await exchange.value(exchange.request(.POST, Paths.machineUpdates(machine), body: report))
    }

    /// `POST /v1/client/{machine-id}/pings`
    public func ping(_ ping: MachinePing) async throws {
        try await exchange.perform(exchange.request(.POST, Paths.machinePings(machine), body: ping))
    }

    /// `GET /v1/client/{machine-id}/info`: what the server knows of this machine.
    public func information() async throws -> MachineInformationBody {
        try await exchange.value(exchange.request(.GET, Paths.machineInfo(machine)))
    }

    /// `DELETE /v1/client/{machine-id}`: ends the token.
    public func goodbye() async throws { try await exchange.perform(exchange.request(.DELETE, Paths.machine(machine))) }
}

/// Requests of one machine with one token.
private struct MachineExchange {
    let transport: Transport
    let server: ServerAddress
    let token: String
    let isRegistration: Bool

    func request(_ method: HTTPMethod, _ path: String) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: server.url(path))
        request.method = method
        request.headers.add(name: "accept", value: "application/json, \(Problem.mediaType)")
        request.headers.add(name: "authorization", value: "Bearer \(token)")
        return request
    }

    func request(_ method: HTTPMethod, _ path: String, body: some Encodable) throws -> HTTPClientRequest {
        var request = request(method, path)
        request.headers.add(name: "content-type", value: "application/json")
        request.body = .bytes(ByteBuffer(bytes: try DocumentCoding.encode(body)))
        return request
    }

    func value<Value: Decodable>(_ request: HTTPClientRequest) async throws -> Value {
        let bytes = try await bytes(request)
        do {
            return try DocumentCoding.decode(Value.self, from: bytes)
        } catch {
            throw refusal(request).foreign("its answer cannot be read: \(DocumentCoding.reason(error))", cause: error)
        }
    }

    func perform(_ request: HTTPClientRequest) async throws { _ = try await bytes(request) }

    private func bytes(_ request: HTTPClientRequest) async throws -> [UInt8] {
        let refusal = refusal(request)
        do {
            let answer = try await transport.send(request, to: server.origin)
            guard (200...299).contains(answer.status.code) else { throw await refusal.error(answer) }
            guard let bytes = try await answer.body.collect(limit: MachineClient.answerLimit) else {
                throw refusal.foreign("its answer is longer than \(MachineClient.answerLimit) bytes")
            }
            return bytes
        } catch let failure as TransportFailure {
            throw refusal.error(failure)
        }
    }

    private func refusal(_ request: HTTPClientRequest) -> MachineRefusal {
        MachineRefusal(request, isRegistration: isRegistration)
    }
}

/// The server's documents, with what goes wrong told to the owner of a machine and not to the administrator of a downstream.
private struct MachineView: HeadAnnouncer {
    let upstream: HTTPUpstream

    func address() async -> String { await upstream.address() }

    func head(unless tag: String?) async throws -> UpstreamDocument? {
        try await Self.told { try await upstream.head(unless: tag) }
    }

    func document(_ name: DocumentName, limit: Int64) async throws -> UpstreamDocument {
        try await Self.told { try await upstream.document(name, limit: limit) }
    }

    func metadata(_ file: MetadataFile, limit: Int64) async throws -> [UInt8]? {
        try await Self.told { try await upstream.metadata(file, limit: limit) }
    }

    func content(of file: PatchFile, from offset: Int64) async throws -> ContentStream {
        try await Self.told { try await upstream.content(of: file, from: offset) }
    }

    func headTags() async throws -> AsyncThrowingStream<String, any Error> {
        try await Self.told { try await upstream.headTags() }
    }

    private static func told<Value>(_ ask: () async throws -> Value) async throws -> Value {
        do {
            return try await ask()
        } catch let error as LivepatchError where error.code == .upstreamRefusedToken {
            throw LivepatchError(
                error.code, error.message.replacing("the sync token", with: "this machine's token"),
                suggestion: MachineRefusal.enableAnew, cause: error)
        } catch let error as LivepatchError where error.suggestion?.contains("patch-sync") == true {
            throw LivepatchError(
                error.code, error.message, suggestion: "Check the server's URL ('livepatch-agent enable').", cause: error.cause)
        }
    }
}
