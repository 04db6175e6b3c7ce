import Hummingbird
import LivepatchKit
import NIOCore

/// What handlers read out of requests.
enum RequestReading {
    /// The most bytes of a JSON body that are read.
    static let bodyLimit = 1 << 20

    /// The JSON body.
    /// - Throws: ``LivepatchError`` with the codes `malformed-request` and `request-too-large`.
    static func body<Body: Decodable>(_ type: Body.Type, of request: Request) async throws -> Body {
        let buffer: ByteBuffer
        do {
            buffer = try await request.body.collect(upTo: bodyLimit)
        } catch is NIOTooManyBytesError {
            throw LivepatchError(.requestTooLarge, "The request's body is larger than \(bodyLimit) bytes.")
        }
        do {
            return try DocumentCoding.decode(type, from: Array(buffer: buffer))
        } catch {
            throw LivepatchError(
                .malformedRequest, "The request's body cannot be read: \(DocumentCoding.reason(error)).", cause: error)
        }
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
