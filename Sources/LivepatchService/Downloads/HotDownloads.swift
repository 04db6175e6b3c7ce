import FoundationEssentials
import HTTPTypes
import LivepatchAPI
import LivepatchKit
import Logging
import Metrics
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import Tracing

/// Answers downloads on the thread of their connection, where all that it takes is known already: whose the token is and what it opens, as
/// of the catalogue's revision of this moment, and the content.
///
/// It never refuses anything and never waits. A request about which anything is unknown or unusual goes to the ordinary handlers
/// (``DownloadRoutes``), which decide, record and tell, and whose answers this one's are the same as. Neither does it answer while
/// requests are logged (`debug`) or traced: there is one place for that.
final class HotDownloads: Sendable {
    /// An answer on its way.
    struct Answer {
        let head: HTTPResponseHead
        /// `nil` for an answer without a body.
        let body: (content: CachedContent, range: Range<Int>)?
        /// The request's place among those that are served, which it keeps until a long body has been sent.
        let place: Place
    }

    /// A file at a path.
    private struct Known: Sendable {
        let file: PatchFile
        let template: String
        let revision: CatalogRevision
        /// The fields of an answer with the whole file.
        let whole: HTTPHeaders
    }

    private static let capacity = 4096
    /// The longest path that is remembered, in bytes; a file's own is much shorter.
    private static let longestPath = 512

    let revision: any PromptRevision
    private let delivery: PatchDelivery
    private let cache: PatchCache
    private let gate: EntryGate
    private let governance: Governance
    private let meters: (entry: EntryMeter, requests: RequestMeter)
    private let logger: Logger
    private let isTraced: Bool
    private let files = Mutex(LeastRecentlyUsed<String, Known>(capacity: capacity))
    private let queues = ThreadSpecificVariable<HotQueue>()
    private let count = Atomic(0)

    /// - Parameters:
    ///   - gate: the one that the ordinary handlers stand behind.
    ///   - logger: theirs.
    init(
        revision: any PromptRevision, delivery: PatchDelivery, cache: PatchCache, gate: EntryGate, governance: Governance,
        entryMeter: EntryMeter, requestMeter: RequestMeter, logger: Logger
    ) {
        self.revision = revision
        self.delivery = delivery
        self.cache = cache
        self.gate = gate
        self.governance = governance
        meters = (entryMeter, requestMeter)
        self.logger = logger
        isTraced = !(InstrumentationSystem.instrument is NoOpInstrument)
    }

    /// How many requests were answered here.
    var answers: Int { count.load(ordering: .relaxed) }

    /// Whether a request may be asked about at all.
    var isOpen: Bool { !isTraced && logger.logLevel > .debug }

    /// The requests of this thread's connections.
    func queue(on eventLoop: any EventLoop) -> HotQueue {
        if let queue = queues.currentValue { return queue }
        let queue = HotQueue(on: eventLoop)
        queues.currentValue = queue
        return queue
    }

    /// Remembers which file is at a path.
    /// - Parameters:
    ///   - template: the route's.
    ///   - revision: as of which that is so.
    func learn(_ file: PatchFile, at path: String, _ template: String, as revision: CatalogRevision) {
        guard path.utf8.count <= Self.longestPath else { return }
        let known = Known(
            file: file, template: template, revision: revision, whole: Self.headers(DownloadAnswer.whole.fields(of: file)))
        files.withLock { files in
            if let before = files.value(for: path), before.revision > revision { return }
            files.insert(known, for: path)
        }
    }

    /// Answers a request.
    /// - Parameters:
    ///   - revision: one that was read after the request came.
    ///   - date: the field of that name.
    ///   - hasCertificate: whether the connection's client has shown one.
    /// - Returns: `nil` if the ordinary handlers have to.
    func answer(
        _ request: HotRequest, as revision: CatalogRevision, date: String, hasCertificate: () -> Bool
    ) -> Answer? {
        let start = ContinuousClock.now
        guard let known = files.withLock({ $0.value(for: request.path) }), known.revision >= revision,
            let visitor = governance.known(request.authorization),
            let caller = gate.remembered(
                request.authorization, from: request.deployment, as: revision, hasCertificate: hasCertificate),
            let tier = caller.viewedTier, delivery.offers(known.file, in: tier, as: revision)
        else { return nil }
        let entered = ContinuousClock.now
        let file = known.file
        let answer = DownloadAnswer(request.conditions, of: file)
        guard answer != .unsatisfiable else { return nil }
        var body: (CachedContent, Range<Int>)?
        if let bytes = answer.bytes(of: file) {
            guard let content = cache.remembered(file.digest) else { return nil }
            if !request.conditions.isHead { body = (content, Int(bytes.lowerBound)..<Int(bytes.upperBound)) }
        }
        guard let place = governance.admitAtOnce(visitor, caller) else { return nil }

        count.add(1, ordering: .relaxed)
        if body != nil { cache.noteHit() }
        meters.entry.note(EntryMeter.Credential(caller), entered - start)
        var headers = answer == .whole ? known.whole : Self.headers(answer.fields(of: file))
        headers.add(name: "Date", value: date)
        meters.requests.record(
            ContinuousClock.now - request.arrival, handler: known.template,
            method: request.conditions.isHead ? .head : .get, code: answer.status.code)
        return Answer(
            head: HTTPResponseHead(
                version: .http1_1, status: HTTPResponseStatus(statusCode: answer.status.code), headers: headers),
            body: body, place: place)
    }

    private static func headers(_ fields: HTTPFields) -> HTTPHeaders {
        var headers = HTTPHeaders(fields.map { ($0.name.rawName, $0.value) })
        headers.add(name: HeaderNames.serverVersion, value: Release.version)
        return headers
    }
}

extension Caller {
    /// The tier whose view it has; `nil` for an administrator.
    var viewedTier: TierName? {
        switch self {
        case .downstream(let token): token.tier
        case .machine(let identity, _): identity.tier
        case .administrator: nil
        }
    }
}
