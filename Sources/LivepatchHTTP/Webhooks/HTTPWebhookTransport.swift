import AsyncHTTPClient
import FoundationEssentials
public import LivepatchKit
public import Logging
import NIOCore
import NIOHTTP1

/// Posts webhooks' messages over HTTP. Follows no redirect, and waits 10 seconds for a connection, 20 for an answer, and 5 for its body.
public struct HTTPWebhookTransport: WebhookTransport {
    /// How long an answer may take to begin.
    private static let patience = Duration.seconds(20)
    /// How much of an answer is read, in bytes, and shown, in characters.
    private static let readLimit: Int64 = 16 << 10
    private static let shownLimit = 160

    private let transport: Transport

    /// - Parameter authorities: certificate authorities that are trusted besides the system's.
    public init(authorities: TrustedAuthorities = .system, logger: Logger = Logger(label: "livepatch.webhooks")) {
        self.init(
            ConnectionOptions(
                timeouts: ConnectionTimeouts(connect: .seconds(10), idle: Self.patience, total: .seconds(5)),
                authorities: authorities), logger: logger)
    }

    init(_ options: ConnectionOptions, logger: Logger = Logger(label: "livepatch.webhooks")) {
        transport = Transport(options, logger: logger)
    }

    /// Ends all connections.
    public func close() async { await transport.close() }

    /// - Throws: ``LivepatchError`` with the codes `server-unreachable`, `cancelled`; `CancellationError`.
    public func post(_ message: WebhookMessage) async throws -> WebhookAnswer {
        guard let origin = Origin(url: message.url.rawValue) else {
            throw LivepatchError(.malformedValue, "The webhook's URL is none that could be asked.")
        }
        var request = HTTPClientRequest(url: message.url.rawValue)
        request.method = .POST
        for (name, value) in message.headers.sorted(by: { $0.key < $1.key }) { request.headers.add(name: name, value: value) }
        request.body = .bytes(ByteBuffer(bytes: message.body))
        do {
            let answer = try await transport.send(request, to: origin, patience: .fromStart(Self.patience))
            return WebhookAnswer(
                status: Int(answer.status.code),
                retryAfter: RetryAfter.duration(
                    answer.field("retry-after"), now: answer.field("date").flatMap(RetryAfter.date) ?? Date()),
                text: await Self.text(of: answer))
        } catch let failure as TransportFailure {
            if failure.kind == .cancelled { throw CancellationError() }
            throw LivepatchError(
                .serverUnreachable, "\(failure.reason.prefix(1).uppercased())\(failure.reason.dropFirst()).",
                suggestion: failure.suggestion,
                cause: failure)
        }
    }

    /// The beginning of what was answered, in one line. The status has said what matters: a body that does not come is none.
    private static func text(of answer: Answer) async -> String {
        let bytes = try? await answer.body.collect(limit: readLimit)
        let text = String(decoding: bytes ?? [], as: UTF8.self).split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return text.count > shownLimit ? text.prefix(shownLimit) + "…" : text
    }
}
