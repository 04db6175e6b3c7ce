import AsyncHTTPClient
import FoundationEssentials
import LivepatchAPI
import LivepatchKit
import NIOCore
import NIOHTTP1

extension AdminClient {
    /// How often a change is asked for in all, if the answer is lost.
    private static let attempts = 4

    /// Asks for a change and for its answer. The change has a key, so that it can be asked for again where the connection broke before the
    /// answer came, without being made twice.
    func changed<Value: Decodable>(_ request: HTTPClientRequest) async throws -> Value {
        var request = request
        request.headers.replaceOrAdd(name: HeaderNames.idempotencyKey, value: "\"\(UUID().uuidString.lowercased())\"")
        var attempt = 1
        var wasLost = false
        while true {
            do {
                return try await value(request)
            } catch let error as LivepatchError where attempt < Self.attempts {
                wasLost = wasLost || Self.wasLost(error)
                // Once a connection broke, the server may be away for a moment, or still be at work.
                guard wasLost, [.serverUnreachable, .idempotencyKeyInUse].contains(error.code) else { throw error }
                try await Task.sleep(for: timeouts.pause * attempt)
                attempt += 1
            }
        }
    }

    /// Whether there was a connection, and it broke: the change may have been made.
    private static func wasLost(_ error: LivepatchError) -> Bool {
        guard error.code == .serverUnreachable, let cause = error.cause else { return false }
        return cause as? HTTPClientError == .remoteConnectionClosed || cause as? HTTPParserError == .invalidEOFState
            || cause is ChannelError || cause is IOError
    }
}
