public import FoundationEssentials

/// Makes each change once that is asked for under an ``IdempotencyKey``, and answers whoever asks again with the same answer.
public struct RepeatedChanges: Sendable {
    /// How long an answer is remembered, in seconds.
    public static let lifetime: TimeInterval = 86_400
    /// The most changes that are remembered.
    public static let limit = 10_000

    private let store: any RepeatStore
    /// Names this run of the server: what another one began and did not finish, nobody finishes any more.
    private let run: String
    private let now: @Sendable () -> Date

    /// - Parameter now: the current time.
    public init(store: any RepeatStore, run: UUID = UUID(), now: @escaping @Sendable () -> Date) {
        self.store = store
        self.run = run.uuidString
        self.now = now
    }

    /// Makes a change, or says what was answered when it was made.
    /// - Parameters:
    ///   - user: who asks; another one's keys are other keys.
    ///   - request: everything that says what is asked for.
    ///   - change: makes the change and says what is to be answered. It goes on to its end, even if whoever asked is gone: that is when
    ///     they will ask again. If it throws, nothing was changed, and it may be asked for again under that key.
    /// - Returns: the answer, and whether it was given before.
    /// - Throws: ``LivepatchError`` with the codes `idempotency-key-reused`, `idempotency-key-in-use`, `idempotency-outcome-unknown`, and
    ///   what `change` throws.
    public func make(
        _ key: IdempotencyKey, by user: String, request: [UInt8], _ change: @escaping @Sendable () async throws -> [UInt8]
    ) async throws -> (answer: [UInt8], isRepeated: Bool) {
        let name = key.name(of: user)
        let fingerprint = key.fingerprint(request)
        if let known = try await store.begin(RepeatClaim(name: name, fingerprint: fingerprint, run: run, time: now())) {
            return (try answer(to: known, key, fingerprint), true)
        }
        let work = Task { [store] in
            let answer: [UInt8]
            do {
                answer = try await change()
            } catch {
                try? await store.abandon(name)
                throw error
            }
            // The change was made. If its answer cannot be kept, whoever asks gets it all the same, and nobody makes the change again.
            try? await store.finish(name, sealed: try key.seal(answer))
            return answer
        }
        return (try await work.value, false)
    }

    private func answer(to known: RepeatedChange, _ key: IdempotencyKey, _ fingerprint: SHA256Digest) throws -> [UInt8] {
        guard known.fingerprint == fingerprint else {
            throw LivepatchError(
                .idempotencyKeyReused, "Another change was asked for under this idempotency key.",
                suggestion: "Make a new key for each change.")
        }
        if let sealed = known.sealed { return try key.open(sealed) }
        guard known.run == run else {
            throw LivepatchError(
                .idempotencyOutcomeUnknown,
                "The server stopped while it made this change, and cannot tell whether it came to be.",
                suggestion: "Look whether it did, and ask for it under a new key if not.")
        }
        throw LivepatchError(
            .idempotencyKeyInUse, "The change that was asked for under this idempotency key is still being made.",
            suggestion: "Ask again in a moment.")
    }
}
