import HTTPTypes
import LivepatchAPI
import LivepatchKit
import Logging
import NIOCore
import NIOPosix
import Synchronization
import Tracing

/// Answers requests on the thread of their connection, where all that it takes is known already, as of the catalogue's revision of this
/// moment: whose the token is and what it opens, and the answer.
///
/// It never refuses anything and never waits. A request about which anything is unknown or unusual goes to the ordinary handlers, which
/// decide, record and tell, and whose answers this one's are the same as. Neither does it answer while requests are logged (`debug`) or
/// traced: there is one place for that.
final class HotAnswers: Sendable {
    let revision: any PromptRevision
    let downloads: HotDownloads?
    private let documents: HotDocuments?
    private let checkIns: HotCheckIns
    private let gate: EntryGate
    private let governance: Governance
    private let meters: (entry: EntryMeter, requests: RequestMeter)
    private let logger: Logger
    private let isTraced: Bool
    private let queues = ThreadSpecificVariable<HotQueue>()
    private let counter = Atomic(0)
    private let undecodedCounter = Atomic(0)

    /// - Parameters:
    ///   - downloads: `nil` for a server that does not send files from memory.
    ///   - documents: `nil` for one that does not remember documents.
    ///   - gate: the one that the ordinary handlers stand behind.
    ///   - logger: theirs.
    init(
        revision: any PromptRevision, downloads: HotDownloads?, documents: HotDocuments?, checkIns: HotCheckIns,
        gate: EntryGate, governance: Governance, entryMeter: EntryMeter, requestMeter: RequestMeter, logger: Logger
    ) {
        self.revision = revision
        self.downloads = downloads
        self.documents = documents
        self.checkIns = checkIns
        self.gate = gate
        self.governance = governance
        meters = (entryMeter, requestMeter)
        self.logger = logger
        isTraced = !(InstrumentationSystem.instrument is NoOpInstrument)
    }

    /// How many requests were answered here.
    var count: Int { counter.load(ordering: .relaxed) }
    /// How many of them were recognized before they were decoded.
    var undecoded: Int { undecodedCounter.load(ordering: .relaxed) }

    /// Whether a request may be asked about at all.
    var isOpen: Bool { !isTraced && logger.logLevel > .debug }

    func noteUndecoded() { undecodedCounter.add(1, ordering: .relaxed) }

    /// The requests of this thread's connections.
    func queue(on eventLoop: any EventLoop) -> HotQueue {
        if let queue = queues.currentValue { return queue }
        let queue = HotQueue(on: eventLoop)
        queues.currentValue = queue
        return queue
    }

    /// Answers a request.
    /// - Parameters:
    ///   - credentials: what it shows.
    ///   - revision: one that was read after the request came.
    ///   - hasCertificate: whether the connection's client has shown one.
    /// - Returns: `nil` if the ordinary handlers have to.
    func answer(
        _ request: HotRequest, _ credentials: HotCredentials?, as revision: CatalogRevision,
        hasCertificate: () -> Bool
    ) -> HotAnswer? {
        let start = ContinuousClock.now
        guard let credentials, let visitor = governance.known(credentials.visitor),
            let caller = gate.remembered(
                credentials.hash, from: credentials.deployment, as: revision, hasCertificate: hasCertificate)
        else { return nil }
        let entered = ContinuousClock.now
        let admit = { self.governance.admitAtOnce(visitor, caller) }
        let found: HotAnswer? =
            switch request.subject {
            case .download: downloads?.answer(request.path, request.conditions, to: caller, as: revision, admit: admit)
            case .document(let asked):
                documents?.answer(asked, request.conditions.ifNoneMatch, to: caller, as: revision, admit: admit)
            case .checkIn(let machine):
                checkIns.answer(machine, request.body, from: caller, as: revision, admit: admit)
            }
        guard let answer = found else { return nil }

        counter.add(1, ordering: .relaxed)
        meters.entry.note(EntryMeter.Credential(caller), entered - start)
        meters.requests.record(
            ContinuousClock.now - request.arrival, handler: answer.template, method: request.method,
            code: answer.status)
        return answer
    }
}

/// An answer on its way.
struct HotAnswer {
    let status: Int
    /// The head, as it goes over the connection, but for its end: see ``HotQueue/beginning(_:_:)``.
    let head: ByteBuffer
    /// `nil` for an answer without a body.
    let body: ByteBuffer?
    /// What the body is some of the bytes of, to be held in memory until they are on their way.
    let content: CachedContent?
    /// The request's place among those that are served, which it keeps until a long body has been sent.
    let place: Place
    /// The route's.
    let template: String

    /// - Parameter head: see ``HotHead/bytes(_:_:)``.
    init(
        _ status: HTTPResponse.Status, _ head: ByteBuffer, body: ByteBuffer?, of content: CachedContent? = nil,
        place: Place, template: String
    ) {
        self.status = status.code
        self.head = head
        self.body = body
        self.content = content
        self.place = place
        self.template = template
    }
}
