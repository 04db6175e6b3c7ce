import Caching
import HTTPTypes
import LivepatchAPI
import LivepatchKit
import NIOCore
import Synchronization

/// Answers downloads from memory (``HotAnswers``): of files that ``DownloadRoutes`` has lately found at a path, and whose content is in
/// the cache.
final class HotDownloads: Sendable {
    /// A file at a path.
    private struct Known: Sendable {
        let file: PatchFile
        let template: String
        let revision: CatalogRevision
        /// The head of an answer with the whole file.
        let whole: ByteBuffer
    }

    private static let capacity = 4096
    /// The longest path that is remembered, in bytes; a file's own is much shorter.
    private static let longestPath = 512

    private let delivery: PatchDelivery
    private let cache: PatchCache
    private let files = Mutex(LeastRecentlyUsed<String, Known>(capacity: capacity))

    init(delivery: PatchDelivery, cache: PatchCache) {
        self.delivery = delivery
        self.cache = cache
    }

    /// Remembers which file is at a path.
    /// - Parameters:
    ///   - template: the route's.
    ///   - revision: as of which that is so.
    func learn(_ file: PatchFile, at path: String, _ template: String, as revision: CatalogRevision) {
        guard path.utf8.count <= Self.longestPath else { return }
        let known = Known(
            file: file, template: template, revision: revision, whole: Self.head(.whole, of: file))
        files.withLock { files in
            if let before = files.value(for: path), before.revision > revision { return }
            files.insert(known, for: path)
        }
    }

    /// Answers a request.
    /// - Parameters:
    ///   - path: the target as it was sent.
    ///   - revision: one that was read after the request came.
    ///   - admit: gets a place among the requests that are served, and counts this one as the caller's.
    /// - Returns: `nil` if the ordinary handlers have to.
    func answer(
        _ path: String, _ conditions: DownloadAnswer.Conditions, to caller: Caller, as revision: CatalogRevision,
        admit: () -> Place?
    ) -> HotAnswer? {
        guard let known = files.withLock({ $0.value(for: path) }), known.revision >= revision,
            let tier = caller.viewedTier, delivery.offers(known.file, in: tier, as: revision)
        else { return nil }
        let file = known.file
        let answer = DownloadAnswer(conditions, of: file)
        guard answer != .unsatisfiable else { return nil }
        var content: CachedContent?
        var body: ByteBuffer?
        if let bytes = answer.bytes(of: file) {
            content = cache.remembered(file.digest)
            guard let content else { return nil }
            if !conditions.isHead { body = content.slice(Int(bytes.lowerBound)..<Int(bytes.upperBound)) }
        }
        guard let place = admit() else { return nil }
        if body != nil { cache.noteHit() }
        return HotAnswer(
            answer.status, answer == .whole ? known.whole : Self.head(answer, of: file), body: body, of: content,
            place: place, template: known.template)
    }

    private static func head(_ answer: DownloadAnswer, of file: PatchFile) -> ByteBuffer {
        HotHead.bytes(answer.status, answer.fields(of: file))
    }
}
