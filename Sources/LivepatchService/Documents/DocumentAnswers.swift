import HTTPTypes
import Hummingbird
import LivepatchKit
import NIOCore

/// How documents and metadata are sent.
enum DocumentAnswers {
    /// The same for a document that does not exist and one that the token's tier does not show.
    static let missing = LivepatchError(.notFound, "There is no such document.")

    static func answer(_ document: PublishedDocument, to request: Request) -> Response {
        let tag = EntityTag(document.tag)
        var headers: HTTPFields = [.eTag: tag.field, .cacheControl: "private, no-cache"]
        if tag.isNamed(inIfNoneMatch: request.headers[.ifNoneMatch]) { return Response(status: .notModified, headers: headers) }
        headers[.contentType] = "application/json"
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: document.bytes)))
    }
}
