import Caching
import HTTPTypes
import LivepatchAPI
import LivepatchKit
import NIOCore
import Synchronization

/// Answers questions for the head of a view, its documents and its signed metadata from memory (``HotAnswers``), as long as a
/// ``PromptDocuments`` knows them.
final class HotDocuments: Sendable {
    /// The answers that a document takes, made once.
    private struct Ready: Sendable {
        let tag: EntityTag
        /// The heads of the answer with the document, and of the one to whoever has it.
        let whole: ByteBuffer
        let unchanged: ByteBuffer
        let body: ByteBuffer

        init(_ document: PublishedDocument) {
            tag = EntityTag(document.tag)
            var fields = DocumentAnswers.beginning(document, ifNoneMatch: nil).1
            fields[.contentLength] = "\(document.bytes.count)"
            whole = HotHead.bytes(.ok, fields)
            unchanged = HotHead.bytes(.notModified, DocumentAnswers.beginning(document, ifNoneMatch: tag.field).1)
            body = ByteBuffer(bytes: document.bytes)
        }
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
        let ready = ready(document)
        let isKnown = ready.tag.isNamed(inIfNoneMatch: ifNoneMatch)
        var head = isKnown ? ready.unchanged : ready.whole
        if let lagField { head.writeField(HeaderNames.lag, lagField) }
        return HotAnswer(
            isKnown ? .notModified : .ok, head, body: isKnown ? nil : ready.body, place: place, template: request.template)
    }

    private func ready(_ document: PublishedDocument) -> Ready {
        ready.withLock { ready in
            if let known = ready.value(for: document.digest) { return known }
            let fresh = Ready(document)
            ready.insert(fresh, for: document.digest)
            return fresh
        }
    }
}
