import AsyncHTTPClient
import LivepatchAPI
import LivepatchKit
import LivepatchTLS
import LivepatchTracing
import Logging
import NIOCore
import NIOHTTP1
import NIOSSL
import Synchronization
import Tracing

/// Sends requests, directly or through the proxy that leads to their server, and never follows a redirect by itself.
///
/// Connections are kept for the next request until ``close()``, or until nobody holds the transport any more.
final class Transport: Sendable {
    let options: ConnectionOptions
    private let logger: Logger
    private let clients: Mutex<[Route: HTTPClient]?> = Mutex([:])

    /// What clients differ in.
    private struct Route: Hashable {
        let proxy: Proxy?
        /// How long an answer may take after the end of an upload.
        let answerTimeout: Duration?
        /// How often what the client shows of itself has been renewed.
        let generation: Int
    }

    /// How long to wait for an answer to begin.
    enum Patience {
        /// From the beginning of the request, the time for a connection not counted.
        case fromStart(Duration)
        /// From the end of the request's body, which takes as long as it takes while the server goes on reading.
        case fromEndOfUpload(Duration)
    }

    init(_ options: ConnectionOptions, logger: Logger) {
        self.options = options
        self.logger = logger
    }

    deinit {
        // The client insists on being shut down; whoever forgets `close()` gets it here, a moment later.
        for client in clients.withLock({ $0.take() ?? [:] }).values { client.shutdown { _ in } }
    }

    /// Ends all connections. Exchanges under way fail, and so does every one after it.
    func close() async {
        for client in clients.withLock({ $0.take() ?? [:] }).values { try? await client.shutdown() }
    }

    /// Sends a request and waits for the answer to begin.
    /// - Parameter patience: `nil` for the time that an answer may be idle.
    /// - Throws: ``TransportFailure``, or the error that the request's body threw.
    func send(_ request: HTTPClientRequest, to origin: Origin, patience: Patience? = nil) async throws -> Answer {
        // Nothing is begun here: what belongs to no trace is for the server to tell apart.
        guard InstrumentationContext.current != nil else { return try await exchange(request, with: origin, patience) }
        return try await withTrace("\(request.method)", kind: .client, attributes: ["server.address": .string(origin.host)]) {
            var request = request
            for (name, value) in TracePropagation.fields() { request.headers.replaceOrAdd(name: name, value: value) }
            return try await exchange(request, with: origin, patience)
        }
    }

    private func exchange(_ request: HTTPClientRequest, with origin: Origin, _ patience: Patience?) async throws -> Answer {
        var request = request
        request.headers.replaceOrAdd(name: "user-agent", value: "livepatch-for-swift/\(Release.version)")
        let proxy = options.proxies.proxy(to: origin)
        let timeouts = options.timeouts
        do {
            let start = ContinuousClock.now
            let client: HTTPClient
            let deadline: NIODeadline
            let identity = options.identity?.current { logger.error("The client's certificate was not renewed: \($0)") }
            let generation = identity?.generation ?? 0
            switch patience ?? .fromStart(timeouts.idle) {
            case .fromStart(let duration):
                client = try self.client(Route(proxy: proxy, answerTimeout: nil, generation: generation), identity?.0)
                deadline = .now() + TimeAmount(timeouts.connect + duration)
            case .fromEndOfUpload(let duration):
                client = try self.client(
                    Route(proxy: proxy, answerTimeout: duration, generation: generation), identity?.0)
                deadline = .distantFuture
            }
            let response = try await client.execute(request, deadline: deadline)
            logger.debug(
                "\(request.method) \(request.url) → \(response.status.code) in \((ContinuousClock.now - start).milliseconds) ms")
            return Answer(
                status: response.status, headers: response.headers,
                body: BodyReader(response.body, on: client.eventLoopGroup.any(), timeouts: timeouts, proxy: proxy))
        } catch {
            logger.debug("\(request.method) \(request.url) failed: \(error)")
            if Task.isCancelled { throw TransportFailure(CancellationError(), timeouts: timeouts, proxy: proxy) }
            if let error = error as? LivepatchError { throw error }
            if proxy == nil, let failure = await UntrustedCertificate.failure(error, at: origin, within: timeouts.connect) {
                throw failure
            }
            throw TransportFailure(error, timeouts: timeouts, proxy: proxy)
        }
    }

    private func client(_ route: Route, _ identity: CertifiedKey?) throws -> HTTPClient {
        try clients.withLock { clients in
            guard clients != nil else { throw TransportFailure(.cancelled, "the client was closed") }
            if let client = clients?[route] { return client }
            let client = HTTPClient(configuration: configuration(route, identity))
            clients?[route] = client
            // What was renewed twice since has nothing under way any more, or something that hangs.
            for (old, client) in clients ?? [:] where old.generation < route.generation - 1 {
                clients?[old] = nil
                client.shutdown { _ in }
            }
            return client
        }
    }

    private func configuration(_ route: Route, _ identity: CertifiedKey?) -> HTTPClient.Configuration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        if !options.authorities.certificates.isEmpty {
            tls.additionalTrustRoots = [.certificates(options.authorities.certificates)]
        }
        if let identity {
            tls.certificateChain = identity.chain.map { .certificate($0) }
            tls.privateKey = .privateKey(identity.key)
        }
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: tls, redirectConfiguration: .disallow,
            timeout: .init(connect: TimeAmount(options.timeouts.connect)), proxy: route.proxy?.configuration)
        // The idle time between a body's pieces is ours to watch (BodyReader): the client's own counts a slow reader's pauses too.
        configuration.timeout.read = route.answerTimeout.map { TimeAmount($0) }
        configuration.timeout.write = TimeAmount(options.timeouts.idle)
        configuration.httpVersion = .http1Only
        // Spans and their fields are made here, also where the process has no tracing system.
        configuration.tracing.tracer = nil
        // Never the bottleneck: how many transfers run at once is decided above.
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 128
        // Whoever asks decides whether to try again, and wants to know what is wrong.
        configuration.connectionPool.retryConnectionEstablishment = false
        return configuration
    }
}

/// An answer whose body is still on its way.
struct Answer: Sendable {
    let status: HTTPResponseStatus
    let headers: HTTPHeaders
    let body: BodyReader

    /// The first field of that name.
    func field(_ name: String) -> String? { headers.first(name: name) }

    /// What `Content-Length` says (RFC 9110, section 8.6); `nil` if it says nothing.
    var contentLength: Int64? { field("content-length").flatMap { Int64($0) } }

    /// The media type without parameters, in lower case.
    var mediaType: String? {
        field("content-type")?.prefix { $0 != ";" }.filter { !$0.isWhitespace }.lowercased()
    }
}

extension TimeAmount {
    /// Far too long durations become 100 years.
    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self = .nanoseconds(min(seconds, 36_525 * 86_400) * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}

extension Duration {
    var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
