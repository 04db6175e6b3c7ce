import AsyncHTTPClient
import LivepatchAPI
import LivepatchKit
import NIOCore
import Synchronization

/// What a line of a stream of events means for the stream.
enum EventMeaning {
    case more
    case last
    case problem(Problem)
}

extension AdminClient {
    func storageEvents<Result>(_ request: HTTPClientRequest) async throws -> StorageEvents<Result> {
        try await events(StorageEventBody<Result>.self, request) { event in
            switch event {
            case .progress: .more
            case .ended: .last
            case .problem(let problem): .problem(problem)
            }
        }
    }

    /// Sends a request whose answer is lines of JSON (`application/x-ndjson`), and reads them as they come and as they are wanted.
    /// Letting go of the stream ends the exchange, not the server's work.
    func events<Event: Decodable & Sendable>(
        _ type: Event.Type, _ request: HTTPClientRequest, meaning: @escaping @Sendable (Event) -> EventMeaning
    ) async throws -> AsyncThrowingStream<Event, any Error> {
        let refusal = AdminRefusal(request)
        let answer = try await answer(request, patience: .fromStart(Self.workPatience))
        let state = Mutex((lines: LineSplitter(limit: 16 << 20), isOver: false))
        return AsyncThrowingStream {
            if state.withLock({ $0.isOver }) { return nil }
            do {
                var line = try state.withLock { try $0.lines.next() }
                while line == nil {
                    guard let piece = try await answer.body.next(idle: Self.workPatience) else {
                        throw TransportFailure(.unreachable, "the connection ended before the work did")
                    }
                    line = try state.withLock { state in
                        state.lines.append(piece.readableBytesView)
                        return try state.lines.next()
                    }
                }
                let event = try DocumentCoding.decode(type, from: line ?? [])
                switch meaning(event) {
                case .more: break
                case .last: state.withLock { $0.isOver = true }
                case .problem(let problem): throw problem.error
                }
                return event
            } catch {
                state.withLock { $0.isOver = true }
                switch error {
                case let failure as TransportFailure: throw refusal.error(failure)
                case let error as LivepatchError: throw error
                case is LineSplitter.TooLong: throw refusal.foreign("a line of its answer is too long")
                default: throw refusal.foreign("its answer cannot be read: \(DocumentCoding.reason(error))", cause: error)
                }
            }
        }
    }
}
