import Synchronization

/// Lines for somebody who watches work: progress not more often than a person can read, never out of date, and repeated while
/// nothing happens, so that nobody takes the connection for dead; and then the end.
final class LineFeed<Line: Encodable & Sendable>: Sendable {
    /// The time between two lines of progress at least.
    private static var pace: Duration { .milliseconds(100) }

    private struct State {
        var latest: Line?
        var isTold = true
        var told: ContinuousClock.Instant?
        var leave: (@Sendable () -> Void)?
        var hasEnded = false
    }

    private let state = Mutex(State())
    private let continuation: AsyncStream<Line>.Continuation
    private let pulse: Task<Void, Never>
    /// A slow reader misses progress that is out of date, and nothing else.
    let lines: AsyncStream<Line>

    /// - Parameter heartbeat: how long the feed is silent at most.
    init(heartbeat: Duration) {
        let (lines, continuation) = AsyncStream.makeStream(of: Line.self, bufferingPolicy: .bufferingNewest(2))
        self.lines = lines
        self.continuation = continuation
        let (beats, beating) = AsyncStream.makeStream(of: Void.self)
        pulse = Task {
            while (try? await Task.sleep(for: heartbeat)) != nil { beating.yield() }
            beating.finish()
        }
        Task { [weak self] in
            for await _ in beats { self?.repeatLatest() }
        }
    }

    deinit { pulse.cancel() }

    /// Tells how far the work is.
    func progress(_ line: Line) {
        let now = ContinuousClock.now
        state.withLock { state in
            state.latest = line
            state.isTold = state.told.map { now - $0 >= Self.pace } ?? true
            guard state.isTold, !state.hasEnded else { return }
            state.told = now
            continuation.yield(line)
        }
    }

    /// Tells the outcome; nothing follows.
    func end(_ line: Line) {
        pulse.cancel()
        state.withLock { state in
            if let latest = state.latest, !state.isTold { continuation.yield(latest) }
            state.hasEnded = true
            continuation.yield(line)
            continuation.finish()
        }
    }

    /// What to do if the listener leaves before the end.
    func onLeave(_ leave: @escaping @Sendable () -> Void) { state.withLock { $0.leave = leave } }

    /// Nobody reads on.
    func listenerLeft() {
        pulse.cancel()
        let leave = state.withLock { state in
            let leave = state.hasEnded ? nil : state.leave
            state.leave = nil
            return leave
        }
        leave?()
    }

    private func repeatLatest() {
        state.withLock { state in
            guard let latest = state.latest, !state.hasEnded else { return }
            state.isTold = true
            continuation.yield(latest)
        }
    }
}
