public import LivepatchKit
import Synchronization

/// Takes webhooks' messages in the same process, and answers as it is told.
public final class InMemoryReceiver: WebhookTransport {
    private struct State: Sendable {
        var messages: [WebhookMessage] = []
        var answer: @Sendable (WebhookMessage) async throws -> WebhookAnswer = { _ in WebhookAnswer(status: 204) }
    }

    private let state = Mutex(State())

    public init() {}

    /// All that was posted, in order of arrival.
    public var messages: [WebhookMessage] { state.withLock { $0.messages } }

    /// How messages are answered from now on; 204 unless something else is said.
    public func answer(_ answer: @escaping @Sendable (WebhookMessage) async throws -> WebhookAnswer) {
        state.withLock { $0.answer = answer }
    }

    public func post(_ message: WebhookMessage) async throws -> WebhookAnswer {
        let answer = state.withLock { state in
            state.messages.append(message)
            return state.answer
        }
        return try await answer(message)
    }
}
