import AsyncHTTPClient
import NIOCore
import Synchronization

/// Takes an answer's body piece by piece, and gives up on a server that does not go on.
///
/// Nothing is read ahead beyond the connection's own small buffer: a reader that pauses makes the server pause. Used by one task
/// at a time. Letting go of it ends the exchange.
final class BodyReader: Sendable {
    private let source: Source
    private let eventLoop: any EventLoop
    private let timeouts: ConnectionTimeouts
    private let proxy: Proxy?
    private let state = Mutex(State())

    private struct State {
        /// How long was waited for all pieces so far.
        var waited = Duration.zero
        /// The piece that is waited for, and until when.
        var pull: Task<ByteBuffer?, any Error>?
        var deadline = NIODeadline.distantFuture
        var hasExpired = false
        /// One alarm for many pieces: setting one wakes the event loop, and most pieces are here at once.
        var alarm: Scheduled<Void>?
        var alarmTime: NIODeadline?
    }

    init(_ body: HTTPClientResponse.Body, on eventLoop: any EventLoop, timeouts: ConnectionTimeouts, proxy: Proxy?) {
        source = Source(body)
        self.eventLoop = eventLoop
        self.timeouts = timeouts
        self.proxy = proxy
    }

    deinit { state.withLock { $0.alarm }?.cancel() }

    /// The next bytes; `nil` at the end.
    /// - Parameters:
    ///   - idle: how long to wait for them, if not as long as always.
    ///   - isEndless: whether the time for the whole answer does not count.
    /// - Throws: ``TransportFailure``, of the kind `timeout` if nothing came in time.
    func next(idle: Duration? = nil, isEndless: Bool = false) async throws -> ByteBuffer? {
        let source = source
        let idle = idle ?? timeouts.idle
        let rest = isEndless ? idle : timeouts.total - state.withLock { $0.waited }
        let start = ContinuousClock.now
        let pull = Task { try await source.next() }
        expect(pull, before: .now() + TimeAmount(min(idle, rest)))
        defer {
            state.withLock {
                $0.pull = nil
                $0.waited += ContinuousClock.now - start
            }
        }
        do {
            return try await withTaskCancellationHandler {
                try await pull.value
            } onCancel: {
                pull.cancel()
            }
        } catch {
            guard !Task.isCancelled else { throw TransportFailure(CancellationError(), timeouts: timeouts, proxy: proxy) }
            guard !state.withLock({ $0.hasExpired }) else {
                throw TransportFailure(
                    .timeout,
                    idle <= rest
                        ? "nothing more came within \(TransportFailure.text(idle))"
                        : "the answer took longer than \(TransportFailure.text(timeouts.total))",
                    cause: error)
            }
            throw TransportFailure(error, timeouts: timeouts, proxy: proxy)
        }
    }

    /// Sees to it that a piece is given up when its time is over.
    private func expect(_ pull: Task<ByteBuffer?, any Error>, before deadline: NIODeadline) {
        let isAlarmNeeded = state.withLock { state in
            state.pull = pull
            state.deadline = deadline
            state.hasExpired = false
            guard let time = state.alarmTime, time <= deadline else {
                state.alarmTime = deadline
                return true
            }
            return false
        }
        if isAlarmNeeded { setAlarm(deadline) }
    }

    private func setAlarm(_ time: NIODeadline) {
        let alarm = eventLoop.scheduleTask(deadline: time) { [weak self] () -> Void in self?.ring(time) }
        // An earlier one that is out of date does nothing when it rings.
        state.withLock { $0.alarm = alarm }
    }

    private func ring(_ time: NIODeadline) {
        let (again, late): (NIODeadline?, Task<ByteBuffer?, any Error>?) = state.withLock { state in
            // An earlier alarm has taken this one's place.
            guard state.alarmTime == time else { return (nil, nil) }
            state.alarmTime = nil
            guard let pull = state.pull else { return (nil, nil) }
            guard state.deadline <= time else {
                state.alarmTime = state.deadline
                return (state.deadline, nil)
            }
            state.hasExpired = true
            return (nil, pull)
        }
        late?.cancel()
        if let again { setAlarm(again) }
    }

    /// The whole body.
    /// - Returns: `nil` if it is longer than `limit`; the rest is not read.
    /// - Throws: ``TransportFailure``.
    func collect(limit: Int64) async throws -> [UInt8]? {
        var bytes: [UInt8] = []
        while let piece = try await next() {
            guard Int64(bytes.count) + Int64(piece.readableBytes) <= limit else { return nil }
            bytes.append(contentsOf: piece.readableBytesView)
        }
        return bytes
    }

    /// Reads an answer to its end that nobody needs to read: whoever lets go of it before its end has arrived, however little is
    /// missing, ends the connection. A long or failing one is let go of.
    func finish() async { _ = try? await collect(limit: 64 << 10) }
}

/// The iterator of a body, handed from task to task. Unchecked: a body has one reader, which waits for each of its tasks to end
/// before it starts the next.
private final class Source: @unchecked Sendable {
    private var iterator: HTTPClientResponse.Body.AsyncIterator

    init(_ body: HTTPClientResponse.Body) { iterator = body.makeAsyncIterator() }

    func next() async throws -> ByteBuffer? { try await iterator.next() }
}
