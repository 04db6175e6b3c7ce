import LivepatchKit
import ServiceLifecycle
import Synchronization

@testable import LivepatchService

/// The pauses of a service that does something again and again: none of them takes any time, but for the last, which does not end.
final class CountedPauses: Sendable {
    private let limit: Int
    private let pauses = Mutex<[Duration]>([])
    private let reached: AsyncStream<Void>
    private let reaching: AsyncStream<Void>.Continuation

    init(_ limit: Int) {
        self.limit = limit
        (reached, reaching) = AsyncStream.makeStream(of: Void.self)
    }

    /// How long the pauses should have been.
    var taken: [Duration] { pauses.withLock { $0 } }

    @Sendable func sleep(_ pause: Duration) async throws {
        let count = pauses.withLock { pauses in
            pauses.append(pause)
            return pauses.count
        }
        guard count == limit else { return }
        reaching.yield()
        try await Task.sleep(for: .seconds(3600))
    }

    /// Runs the service until the last pause, and stops it gracefully.
    func run(_ service: some Service, log: CapturedLog) async throws {
        let group = ServiceGroup(services: [service], logger: log.logger(label: "group"))
        let running = Task { try await group.run() }
        for await _ in reached { break }
        await group.triggerGracefulShutdown()
        try await running.value
    }
}
