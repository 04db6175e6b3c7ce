import LivepatchKit

/// An upstream whose documents are asked for again, a few times, if it cannot be had at that moment.
struct PatientUpstream: UpstreamServer {
    private let upstream: any UpstreamServer
    private let policy: RetryPolicy
    private let clock: any Clock<Duration>

    init(
        _ upstream: any UpstreamServer, policy: RetryPolicy = RetryPolicy(attempts: 3),
        clock: any Clock<Duration> = ContinuousClock()
    ) {
        self.upstream = upstream
        self.policy = policy
        self.clock = clock
    }

    func address() async -> String { await upstream.address() }

    func head(unless tag: String?) async throws -> UpstreamDocument? {
        try await patiently { try await upstream.head(unless: tag) }
    }

    func document(_ name: DocumentName, limit: Int64) async throws -> UpstreamDocument {
        try await patiently { try await upstream.document(name, limit: limit) }
    }

    func metadata(_ file: MetadataFile, limit: Int64) async throws -> [UInt8]? {
        try await patiently { try await upstream.metadata(file, limit: limit) }
    }

    /// Content is tried again by whoever transfers it, from where it was.
    func content(of file: PatchFile, from offset: Int64) async throws -> ContentStream {
        try await upstream.content(of: file, from: offset)
    }

    private func patiently<Value>(_ ask: () async throws -> Value) async throws -> Value {
        var failures = 0
        while true {
            do {
                return try await ask()
            } catch {
                let busy = error as? UpstreamBusy
                failures += 1
                guard busy != nil || Self.mayPass(error),
                    let delay = policy.delay(
                        afterAttempt: failures, retryAfter: busy?.retryAfter, jitter: Double.random(in: 0...1))
                else { throw busy?.error ?? error }
                try await clock.sleep(for: delay)
            }
        }
    }

    private static func mayPass(_ error: any Error) -> Bool {
        guard let code = (error as? LivepatchError)?.code else { return false }
        return [.upstreamUnreachable, .upstreamTimeout, .upstreamFailed].contains(code)
    }
}
