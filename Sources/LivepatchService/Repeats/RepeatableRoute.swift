import HTTPTypes
import Hummingbird
import LivepatchAPI
import LivepatchKit
import NIOCore

/// A handler of a change that is made once, however often it is asked for under the same `Idempotency-Key`.
struct RepeatableRoute: Sendable {
    let changes: RepeatedChanges
    let handler: Routes.Handler

    /// An answer as it is kept.
    private struct Kept: Codable {
        let status: Int
        let fields: [String: String]
        let body: [UInt8]
    }

    @Sendable func answer(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        guard let name = HTTPField.Name(HeaderNames.idempotencyKey), let field = request.headers[name] else {
            return try await handler(request, context)
        }
        let key = try IdempotencyKey(field: field)
        let user = try context.administrator().user
        let bytes = try await RequestReading.bytes(of: request, limit: RequestReading.bodyLimit)
        var repeatable = request
        repeatable.body = RequestBody(buffer: ByteBuffer(bytes: bytes))
        let asked = "\(request.method) \(request.uri)\n\(Self.condition(request))\n"
        let (kept, isRepeated) = try await changes.make(key, by: user, request: Array(asked.utf8) + bytes) {
            [handler, repeatable] in try await Self.kept(handler(repeatable, context))
        }
        return try Self.response(DocumentCoding.decode(Kept.self, from: kept), isRepeated: isRepeated)
    }

    private static func condition(_ request: Request) -> String { request.headers[.ifMatch] ?? "" }

    private static func kept(_ response: Response) async throws -> [UInt8] {
        let collector = BodyCollector()
        let taken = collector.taken
        try await response.body.write(collector)
        let fields = response.headers.map { ($0.name.canonicalName, $0.value) }
        return try DocumentCoding.encode(
            Kept(
                status: response.status.code, fields: Dictionary(fields) { first, _ in first },
                body: Array(buffer: taken.buffer)))
    }

    private static func response(_ kept: Kept, isRepeated: Bool) -> Response {
        var headers = HTTPFields()
        for (name, value) in kept.fields {
            if let name = HTTPField.Name(name) { headers[name] = value }
        }
        if isRepeated, let name = HTTPField.Name(HeaderNames.idempotencyReplayed) { headers[name] = "true" }
        return Response(
            status: HTTPResponse.Status(code: kept.status), headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: kept.body)))
    }
}

/// Takes an answer's body, whole.
private struct BodyCollector: ResponseBodyWriter {
    /// What has been taken; read by one task only, after the writer is done.
    final class Taken {
        var buffer = ByteBuffer()
    }

    let taken = Taken()

    mutating func write(_ part: ByteBuffer) async throws { taken.buffer.writeImmutableBuffer(part) }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
