import Caching
import HTTPTypes
import LivepatchAPI
import LivepatchKit
import NIOCore
import Synchronization

/// Answers questions for the head of a view, its documents and its signed metadata from memory (``HotAnswers``), as long as a
/// ``PromptDocuments`` knows them.
final class HotDocuments: Sendable {
    /// An answer with a document.
    private struct Ready: Sendable {
        let head: ByteBuffer
        let body: ByteBuffer
    }

    private let documents: any PromptDocuments
    private let lag: @Sendable () -> ToldLag.Lag?
    /// Most documents are asked for many times, if at all.
    private let ready = Mutex(LeastRecentlyUsed<SHA256Digest, Ready>(capacity: 256))

    /// - Parameter lag: how many seconds ago what is shown was the origin's, if that can be told at once.
    init(_ documents: any PromptDocuments, lag: @escaping @Sendable () -> ToldLag.Lag?) {
        self.documents = documents
        self.lag = lag
    }

    /// Answers a request.
    /// - Parameters:
    ///   - ifNoneMatch: the field.
    ///   - revision: one that was read after the request came.
    ///   - admit: gets a place among the requests that are served, and counts this one as the caller's.
    /// - Returns: `nil` if the ordinary handlers have to.
    func answer(
        _ request: DocumentRequest, _ ifNoneMatch: String?, to caller: Caller, as revision: CatalogRevision,
        admit: () -> Place?
    ) -> HotAnswer? {
        guard let tier = caller.viewedTier, let document = documents.atOnce(request.subject, for: tier, as: revision) else {
            return nil
        }
        var lagField: String?
        if request.subject == .head {
            guard let lag = lag() else { return nil }
            lagField = DocumentAnswers.lag(lag.seconds)
        }
        guard let place = admit() else { return nil }
        let (status, fields) = DocumentAnswers.beginning(document, ifNoneMatch: ifNoneMatch)
        var head: ByteBuffer
        var body: ByteBuffer?
        if status == .ok {
            let ready = ready(document, fields)
            head = ready.head
            body = ready.body
        } else {
            head = HotHead.bytes(status, fields)
        }
        if let lagField { head.writeField(HeaderNames.lag, lagField) }
        return HotAnswer(status, head, body: body, place: place, template: request.template)
    }

    private func ready(_ document: PublishedDocument, _ fields: HTTPFields) -> Ready {
        ready.withLock { ready in
            if let known = ready.value(for: document.digest) { return known }
            var fields = fields
            fields[.contentLength] = "\(document.bytes.count)"
            let fresh = Ready(head: HotHead.bytes(.ok, fields), body: ByteBuffer(bytes: document.bytes))
            ready.insert(fresh, for: document.digest)
            return fresh
        }
    }
}
