import Caching
import FoundationEssentials
import HTTPTypes
import LivepatchAPI
import LivepatchKit
import NIOCore
import Synchronization

/// Answers the question for the head of a view from memory (``HotAnswers``): for a second after ``DocumentRoutes`` has made it, and no
/// longer than the catalogue's revision stays. What the head depends on besides is the time: metadata is renewed long before it expires.
final class HotHeads: Sendable {
    private struct Known: Sendable {
        let document: PublishedDocument
        let body: ByteBuffer
        let lag: String?
        let revision: CatalogRevision
        let made: Date
    }

    /// In seconds.
    private static let lifetime: TimeInterval = 1

    private let known = Mutex(LeastRecentlyUsed<TierName, Known>(capacity: 256))
    private let now: @Sendable () -> Date

    init(now: @escaping @Sendable () -> Date) { self.now = now }

    /// Remembers the head of a tier's view.
    /// - Parameters:
    ///   - lag: the field that goes with it.
    ///   - revision: one that was read before the head was made.
    func learn(_ document: PublishedDocument, lag: String?, for tier: TierName, as revision: CatalogRevision) {
        let fresh = Known(
            document: document, body: ByteBuffer(bytes: document.bytes), lag: lag, revision: revision, made: now())
        known.withLock { known in
            if let before = known.value(for: tier), before.revision > revision { return }
            known.insert(fresh, for: tier)
        }
    }

    /// Answers a request.
    /// - Parameters:
    ///   - ifNoneMatch: the field.
    ///   - revision: one that was read after the request came.
    ///   - admit: gets a place among the requests that are served, and counts this one as the caller's.
    /// - Returns: `nil` if the ordinary handlers have to.
    func answer(
        _ ifNoneMatch: String?, to caller: Caller, as revision: CatalogRevision, admit: () -> Place?
    ) -> HotAnswer? {
        let time = now()
        guard let tier = caller.viewedTier, let head = known.withLock({ $0.value(for: tier) }), head.revision >= revision,
            time >= head.made, time < head.made.addingTimeInterval(Self.lifetime), let place = admit()
        else { return nil }
        var (status, fields) = DocumentAnswers.beginning(head.document, ifNoneMatch: ifNoneMatch)
        if let lag = head.lag, let field = HTTPField.Name(HeaderNames.lag) { fields[field] = lag }
        if status == .ok { fields[.contentLength] = "\(head.document.bytes.count)" }
        return HotAnswer(
            status, HotHead.bytes(status, fields), body: status == .ok ? head.body : nil, place: place,
            template: Paths.syncHead)
    }
}
