import Hummingbird
import LivepatchKit
import NIOCore

/// What handlers read out of requests.
enum RequestReading {
    /// The most bytes of a JSON body that are read.
    static let bodyLimit = 1 << 20
    /// How much of a body that is too large is taken and thrown away: whoever sends all of it first would else not get to the answer.
    private static let discardLimit = 16 << 20

    /// The JSON body.
    /// - Parameter limit: the most bytes of it that are read.
    /// - Throws: ``LivepatchError`` with the codes `malformed-request` and `request-too-large`.
    static func body<Body: Decodable>(
        _ type: Body.Type, of request: Request, limit: Int = bodyLimit
    ) async throws -> Body {
        let bytes = try await bytes(of: request, limit: limit)
        do {
            return try DocumentCoding.decode(type, from: bytes)
        } catch {
            throw LivepatchError(
                .malformedRequest, "The request's body cannot be read: \(DocumentCoding.reason(error)).", cause: error)
        }
    }

    /// The whole body.
    /// - Throws: ``LivepatchError`` with the code `request-too-large`.
    static func bytes(of request: Request, limit: Int) async throws -> [UInt8] {
        let announced = request.headers[.contentLength].flatMap { Int64($0) }
        let isAnnounced = announced.map { $0 > limit } ?? false
        func refusal() -> LivepatchError {
            LivepatchError(
                .requestTooLarge,
                isAnnounced
                    ? "The request's body has \(announced ?? 0) bytes; at most \(limit) are taken here."
                    : "The request's body is larger than the \(limit) bytes that are taken here.")
        }
        // It is not waited for: what comes of it all the same, the connection takes in. One that ends with the answer would lose it while
        // the client still sends; so there the body is taken first, unless the client waits to be asked for it, or it is far too much.
        let ends = request.headers[.connection]?.lowercased() == "close"
        if isAnnounced, !ends || request.headers[.expect] != nil || (announced ?? 0) > discardLimit { throw refusal() }
        var bytes: [UInt8] = []
        var total = 0
        for try await chunk in request.body {
            total += chunk.readableBytes
            if total > discardLimit { throw refusal() }
            if total <= limit { bytes += chunk.readableBytesView }
        }
        guard total <= limit else { throw refusal() }
        return bytes
    }

    /// The plan that `If-Match` (RFC 9110, section 13.1.1) names; `nil` without that field, and with `*`.
    /// - Throws: ``LivepatchError`` with the code `precondition-failed` for a tag that is no plan's.
    static func planMark(of request: Request) throws -> PlanMark? {
        guard let field = request.headers[.ifMatch], field != "*" else { return nil }
        let text =
            field.hasPrefix("\"") && field.hasSuffix("\"") && field.count > 1 ? String(field.dropFirst().dropLast()) : field
        guard let mark = try? PlanMark(parsing: text) else {
            throw LivepatchError(
                .preconditionFailed, "The tag in the header field 'If-Match' is no plan's.",
                suggestion: "It is the ETag of the answer to a dry run.")
        }
        return mark
    }

    /// A parameter of the path, percent-decoded.
    /// - Throws: ``LivepatchError`` with the code `malformed-request` for an encoding that is none.
    static func pathText(_ name: String, _ context: ServiceRequestContext) throws -> String {
        guard let raw = context.parameters.get(name), let text = PercentEncoding.decoded(raw) else {
            throw LivepatchError(.malformedRequest, "The request's path is not percent-encoded UTF-8.")
        }
        return text
    }

    /// A parameter of the path as a value.
    /// - Throws: ``LivepatchError`` as the value's initialiser does.
    static func pathValue<Value: TextCodable>(
        _ type: Value.Type, _ name: String, _ context: ServiceRequestContext
    ) throws -> Value {
        try Value(parsing: pathText(name, context))
    }

    /// A parameter of the query that is a number.
    /// - Throws: ``LivepatchError`` with the code `malformed-request` for anything else, and for one outside the bounds.
    static func number(_ name: String, in bounds: ClosedRange<Int64>, of request: Request) throws -> Int64? {
        guard let text = request.uri.queryParameters[name[...]] else { return nil }
        guard let number = Int64(text), bounds.contains(number) else {
            throw LivepatchError(
                .malformedRequest,
                "The query parameter '\(name)' is a number from \(bounds.lowerBound) to \(bounds.upperBound).")
        }
        return number
    }
}
