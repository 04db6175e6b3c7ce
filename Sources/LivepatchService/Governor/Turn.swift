import LivepatchKit
import NIOCore
import Synchronization

/// A request's turn: its place among those that are served, which it can give back while it waits for something to happen.
final class Turn: Sendable {
    private let visitor: Visitor
    private let governor: Governor
    private let channel: any Channel
    private let refusal: @Sendable (CallerKind) -> LivepatchError
    private let place: Mutex<Place?>

    /// - Parameters:
    ///   - channel: the connection that the request came on.
    ///   - refusal: what is said when there is no place any more.
    init(
        _ visitor: Visitor, _ place: Place, governor: Governor, channel: any Channel,
        refusal: @escaping @Sendable (CallerKind) -> LivepatchError
    ) {
        self.visitor = visitor
        self.governor = governor
        self.channel = channel
        self.refusal = refusal
        self.place = Mutex(place)
    }

    /// Gives the place back, if there is one.
    func end() {
        let place = place.withLock { place in
            defer { place = nil }
            return place
        }
        place?.leave()
    }

    /// Gives the place back, waits, and takes a place again. While it waits, the connection's `server.answer-timeout` does not run.
    /// - Returns: `nil`, without having waited, if too many requests wait like this already.
    /// - Throws: what `wait` throws, ``LivepatchError`` with the code `server-overloaded` if there is no place afterwards, and
    ///   `CancellationError`.
    func aside<Value: Sendable>(_ wait: () async throws -> Value) async throws -> Value? {
        guard governor.setAside(visitor) else { return nil }
        end()
        channel.triggerUserOutboundEvent(ConnectionGuard.Aside.begins, promise: nil)
        let result: Result<Value, any Error>
        do { result = .success(try await wait()) } catch { result = .failure(error) }
        channel.triggerUserOutboundEvent(ConnectionGuard.Aside.ends, promise: nil)
        governor.isBack(visitor)
        let value = try result.get()
        guard let place = try await governor.enter(visitor) else { throw refusal(visitor.kind) }
        self.place.withLock { $0 = place }
        return value
    }

    /// Gives the place back for good, for an answer that waits most of the time that it takes, such as a stream of announcements.
    /// - Returns: a seat, to be kept until the answer has ended.
    /// - Throws: ``LivepatchError`` with the code `server-overloaded` if too many requests wait like this already.
    func seat() throws -> Seat {
        guard governor.setAside(visitor) else { throw refusal(visitor.kind) }
        end()
        return Seat(visitor, governor)
    }

    /// Counts a request among those that wait aside, until it is let go of.
    final class Seat: Sendable {
        private let visitor: Visitor
        private let governor: Governor

        fileprivate init(_ visitor: Visitor, _ governor: Governor) {
            self.visitor = visitor
            self.governor = governor
        }

        deinit { governor.isBack(visitor) }
    }
}

extension ServiceRequestContext {
    /// Waits for something to happen, such as a change that a client is to be told of, without keeping a place among the requests that
    /// are served: so that any number of those who wait keep nobody from being answered.
    ///
    /// The wait has to end by itself. Requests that wait so are bounded in number (``ServerLimits/aside``).
    /// - Returns: `nil`, without having waited, if too many requests wait like this already: then the answer is to be given at once.
    /// - Throws: what `wait` throws, ``LivepatchError`` with the code `server-overloaded` if there is no place afterwards, and
    ///   `CancellationError`.
    func aside<Value: Sendable>(_ wait: () async throws -> Value) async throws -> Value? {
        try await turn?.aside(wait)
    }
}
