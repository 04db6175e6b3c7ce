import AsyncHTTPClient
public import FoundationEssentials
import LivepatchKit
public import Logging
import NIOHTTP1

/// Fetches the published keys of an identity provider (RFC 7517). Follows no redirect; waits 10 seconds for a connection, for the answer
/// and between its pieces.
public struct KeySetClient: Sendable {
    /// The longest document that is taken, in bytes.
    private static let limit: Int64 = 1 << 20

    private let url: URL
    private let transport: Transport

    /// - Parameter authorities: certificate authorities that are trusted besides the system's.
    public init(
        _ url: URL, authorities: TrustedAuthorities = .system, logger: Logger = Logger(label: "livepatch.identity")
    ) {
        self.url = url
        let timeouts = ConnectionTimeouts(connect: .seconds(10), idle: .seconds(10), total: .seconds(30))
        transport = Transport(ConnectionOptions(timeouts: timeouts, authorities: authorities), logger: logger)
    }

    /// Ends all connections.
    public func close() async { await transport.close() }

    /// - Throws: ``LivepatchError`` with the code `server-unreachable`, naming the URL.
    public func fetch() async throws -> [UInt8] {
        let text = url.absoluteString
        guard let origin = Origin(url: text) else { throw failed("that is no URL that could be asked") }
        var request = HTTPClientRequest(url: text)
        request.headers.add(name: "accept", value: "application/jwk-set+json, application/json")
        do {
            let answer = try await transport.send(request, to: origin)
            guard answer.status == .ok else { throw failed("the answer is \(UpstreamRefusal.text(answer.status))") }
            guard let bytes = try await answer.body.collect(limit: Self.limit) else {
                throw failed("the answer is longer than \(Self.limit) bytes")
            }
            return bytes
        } catch let failure as TransportFailure {
            throw failed(failure.reason, cause: failure)
        }
    }

    private func failed(_ reason: String, cause: (any Error)? = nil) -> LivepatchError {
        LivepatchError(
            .serverUnreachable, "The keys of the identity provider cannot be fetched from \(url.absoluteString): \(reason).",
            suggestion: "Check auth.oauth.jwks.url, and auth.oauth.jwks.ca.", cause: cause)
    }
}
