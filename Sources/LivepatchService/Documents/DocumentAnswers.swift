import FoundationEssentials
import HTTPTypes
import Hummingbird
import LivepatchKit
import NIOCore

/// How documents and metadata are sent.
enum DocumentAnswers {
    /// The same for a document that does not exist and one that the token's tier does not show.
    static let missing = LivepatchError(.notFound, "There is no such document.")

    static func answer(_ document: PublishedDocument, to request: Request) -> Response {
        let (status, fields) = beginning(document, ifNoneMatch: request.headers[.ifNoneMatch])
        guard status == .ok else { return Response(status: status, headers: fields) }
        return Response(status: status, headers: fields, body: ResponseBody(byteBuffer: ByteBuffer(bytes: document.bytes)))
    }

    /// The status and the fields of an answer: with the document, or to somebody who has it.
    static func beginning(_ document: PublishedDocument, ifNoneMatch: String?) -> (HTTPResponse.Status, HTTPFields) {
        let tag = EntityTag(document.tag)
        var fields: HTTPFields = [.eTag: tag.field, .cacheControl: "private, no-cache"]
        if tag.isNamed(inIfNoneMatch: ifNoneMatch) { return (.notModified, fields) }
        fields[.contentType] = "application/json"
        return (.ok, fields)
    }

    /// The field `Livepatch-Lag` of an answer with a head.
    /// - Parameter seconds: `nil` where nobody knows.
    static func lag(_ seconds: TimeInterval?) -> String? { seconds.map { "\(Int64(min(max(0, $0), 1e12)))" } }
}
