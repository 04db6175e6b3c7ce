import FoundationEssentials
import LivepatchKit
import NIOHTTP1

/// Patience with a server that has too much to do.
enum BusyServer {
    /// The error with what the answer says of when to come back.
    static func noting(_ error: LivepatchError, _ answer: Answer) -> LivepatchError {
        guard answer.status == .tooManyRequests || answer.status == .serviceUnavailable else { return error }
        let now = answer.field("date").flatMap(RetryAfter.date) ?? Date()
        let wait = RetryAfter.duration(answer.field("retry-after"), now: now)
        return LivepatchError(error.code, error.message, suggestion: error.suggestion, cause: error.cause, retryAfter: wait)
    }

    /// Asks again, as often as the policy lets it, a server that says that it has done nothing.
    static func patiently<Value>(_ policy: RetryPolicy, _ ask: () async throws -> Value) async throws -> Value {
        var failures = 0
        while true {
            do {
                return try await ask()
            } catch let error as LivepatchError where error.isServerBusy {
                failures += 1
                guard
                    let delay = policy.delay(
                        afterAttempt: failures, retryAfter: error.retryAfter, jitter: Double.random(in: 0...1))
                else { throw error }
                do {
                    try await Task.sleep(for: delay)
                } catch {
                    throw LivepatchError(.cancelled, "The request was cancelled while it waited for a busy server.", cause: error)
                }
            }
        }
    }
}
