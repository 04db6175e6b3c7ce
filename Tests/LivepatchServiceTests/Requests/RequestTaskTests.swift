import Hummingbird
import NIOCore
import NIOEmbedded
import Logging
import Testing

@testable import LivepatchService

@Suite("The task of a request", .timeLimit(.minutes(1))) struct RequestTaskTests {
    @TaskLocal private static var note = ""

    private let request = Request(
        head: .init(method: .get, scheme: nil, authority: nil, path: "/"), body: RequestBody(buffer: ByteBuffer()))
    private let context = ServiceRequestContext(
        source: ApplicationRequestContextSource(channel: EmbeddedChannel(), logger: Logger(label: "test")))

    private static func task() -> Int? { withUnsafeCurrentTask { $0?.hashValue } }

    @Test func `is its own, has what its connection's has, and ends with its answer`() async throws {
        let responder = RequestTask(
            CallbackResponder { (_: Request, _: ServiceRequestContext) in
                Response(status: .ok, headers: [.from: "\(Self.task() ?? 0)", .server: Self.note])
            })
        try await Self.$note.withValue("noted") {
            let response = try await responder.respond(to: request, context: context)
            #expect(response.headers[.server] == "noted")
            #expect(response.headers[.from] != "\(Self.task() ?? 0)")
        }
    }

    @Test func `is cancelled with its connection's, and its error is told`() async throws {
        let responder = RequestTask(
            CallbackResponder { (_: Request, _: ServiceRequestContext) -> Response in
                while !Task.isCancelled { await Task.yield() }
                throw CancellationError()
            })
        let asking = Task { [request, context] in try await responder.respond(to: request, context: context) }
        asking.cancel()
        await #expect(throws: CancellationError.self) { _ = try await asking.value }
    }
}
