import HTTPTypes
import Hummingbird
import LivepatchAPI
import LivepatchKit
import LivepatchTracing
import NIOCore

/// The answers of handlers.
enum Answers {
    /// The fields of an answer with a JSON body.
    static let jsonFields = fields("application/json")

    /// A JSON body.
    static func json(_ body: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        answer(try DocumentCoding.encode(body), "application/json", status)
    }

    /// Plain text.
    static func text(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
        answer(Array(text.utf8), "text/plain; charset=utf-8", status)
    }

    /// Nothing to say (RFC 9110, section 15.3.5).
    static var nothing: Response { Response(status: .noContent) }

    /// An error on the wire, with the fields that its status asks for (RFC 9110, section 11.6.1).
    static func problem(_ error: LivepatchError) -> Response {
        let problem = Problem(error, trace: TracePropagation.current?.traceID)
        var response = answer(
            (try? DocumentCoding.encode(problem)) ?? [], Problem.mediaType, HTTPResponse.Status(code: problem.status))
        switch error.code {
        case .tokenRefused, .loginRequired: response.headers[.wwwAuthenticate] = #"Bearer realm="livepatch""#
        case .loginFailed: response.headers[.wwwAuthenticate] = #"Basic realm="livepatch", charset="UTF-8""#
        case .unavailable, .databaseUnavailable: response.headers[.retryAfter] = "5"
        default: break
        }
        if let pause = error.retryAfter {
            // Whole seconds, and none too few.
            let (seconds, rest) = pause.components
            response.headers[.retryAfter] = "\(max(1, seconds + (rest > 0 ? 1 : 0)))"
        }
        return response
    }

    private static func answer(_ bytes: [UInt8], _ type: String, _ status: HTTPResponse.Status) -> Response {
        Response(
            status: status, headers: fields(type), body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    private static func fields(_ type: String) -> HTTPFields { [.contentType: type, .cacheControl: "no-store"] }
}
