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
    let heads: HotHeads
    private let checkIns: HotCheckIns
    private let gate: EntryGate
    private let governance: Governance
    private let meters: (entry: EntryMeter, requests: RequestMeter)
    private let logger: Logger
    private let isTraced: Bool
    private let queues = ThreadSpecificVariable<HotQueue>()
    private let counter = Atomic(0)

    /// - Parameters:
    ///   - downloads: `nil` for a server that does not send files from memory.
    ///   - gate: the one that the ordinary handlers stand behind.
    ///   - logger: theirs.
    init(
        revision: any PromptRevision, downloads: HotDownloads?, heads: HotHeads, checkIns: HotCheckIns, gate: EntryGate,
        governance: Governance, entryMeter: EntryMeter, requestMeter: RequestMeter, logger: Logger
    ) {
        self.revision = revision
        self.downloads = downloads
        self.heads = heads
        self.checkIns = checkIns
        self.gate = gate
        self.governance = governance
        meters = (entryMeter, requestMeter)
        self.logger = logger
        isTraced = !(InstrumentationSystem.instrument is NoOpInstrument)
    }

    /// How many requests were answered here.
    var count: Int { counter.load(ordering: .relaxed) }

    /// Whether a request may be asked about at all.
    var isOpen: Bool { !isTraced && logger.logLevel > .debug }

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
    ///   - date: the field of that name.
    ///   - hasCertificate: whether the connection's client has shown one.
    /// - Returns: `nil` if the ordinary handlers have to.
    func answer(
        _ request: HotRequest, _ credentials: HotCredentials?, as revision: CatalogRevision, date: String,
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
            case .download(let conditions):
                downloads?.answer(request.path, conditions, to: caller, as: revision, admit: admit)
            case .head(let ifNoneMatch): heads.answer(ifNoneMatch, to: caller, as: revision, admit: admit)
            case .checkIn(let machine):
                checkIns.answer(machine, request.body, from: caller, as: revision, admit: admit)
            }
        guard var answer = found else { return nil }

        counter.add(1, ordering: .relaxed)
        meters.entry.note(EntryMeter.Credential(caller), entered - start)
        answer.head.endFields(date: date, bodyLength: answer.body?.readableBytes ?? 0)
        meters.requests.record(
            ContinuousClock.now - request.arrival, handler: answer.template, method: request.method,
            code: answer.status)
        return answer
    }
}

/// What a request shows of who asks. To find it out from the fields takes a hash, and a connection's requests mostly show the same.
struct HotCredentials {
    private let fields: (authorization: String, deployment: String?)
    /// Of the secret.
    let hash: SHA256Digest
    /// Whoever shows that has a turn of their own.
    let visitor: Int
    let deployment: DeploymentID?

    /// - Parameter known: those of the connection's request before this one.
    /// - Returns: `nil` if there is no bearer token.
    init?(_ request: HotRequest, known: HotCredentials?) {
        if let known, known.fields == (request.authorization, request.deployment) {
            self = known
            return
        }
        guard let secret = BearerToken(authorization: request.authorization)?.secret else { return nil }
        fields = (request.authorization, request.deployment)
        hash = TokenSecret.hash(secret)
        visitor = KnownCallers.key(request.authorization)
        deployment = EntryGate.deployment(request.deployment)
    }
}

/// An answer on its way.
struct HotAnswer {
    let status: Int
    /// The head, as it goes over the connection.
    var head: ByteBuffer
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
