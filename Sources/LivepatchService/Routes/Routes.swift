import HTTPTypes
import Hummingbird
import LivepatchAPI
import LivepatchKit
import Metrics

/// The table of routes: path, method, who may come in, and what answers.
struct Routes {
    typealias Handler = @Sendable (Request, ServiceRequestContext) async throws -> Response

    private let router: Router<ServiceRequestContext>
    private let paths = KnownPaths()
    private let gate: EntryGate
    private let entryMeter: EntryMeter
    /// Answers what it can before it comes here; `nil` where nobody does.
    let hot: HotAnswers?
    private let governance: Governance
    private let security: SecurityLog
    private let repeats: RepeatedChanges

    /// - Parameters:
    ///   - repeats: what makes changes once that are asked for again.
    ///   - governance: decides whose turn it is.
    ///   - meter: what requests are measured by.
    ///   - hot: answers what it can before it comes here.
    ///   - security: told of everything that administrators ask for; what comes of it is told by who does it.
    init(
        gate: EntryGate, repeats: RepeatedChanges, entryMeter: EntryMeter, governance: Governance, meter: RequestMeter,
        security: SecurityLog, hot: HotAnswers? = nil
    ) {
        self.hot = hot
        self.security = security
        self.gate = gate
        self.repeats = repeats
        self.entryMeter = entryMeter
        self.governance = governance
        let isEncrypted = gate.entrance.tls != nil
        router = Router(context: ServiceRequestContext.self)
        router.middlewares.add(TraceMiddleware())
        router.middlewares.add(AccessLogMiddleware())
        router.middlewares.add(RequestMetricsMiddleware(meter))
        router.middlewares.add(ProblemMiddleware(paths: paths))
        if !isEncrypted { router.middlewares.add(ClearTextLogins()) }
    }

    /// Adds a route, unless it is answered at another address; whatever takes `GET` takes `HEAD`, too.
    func on(_ method: HTTPRequest.Method, _ template: String, for entry: EntryGate.Entry, _ handler: @escaping Handler) {
        if let owners = ServedAPI.owners(of: template, for: entry), gate.entrance.apis.isDisjoint(with: owners) { return }
        let (gate, entryMeter, security) = (gate, entryMeter, security)
        let governance = Self.isAlwaysAnswered(template) ? nil : governance
        for method in method == .get ? [method, .head] : [method] {
            paths.add(Route(method: method, template: template, entry: entry))
            router.on(RouterPath(template), method: method) { request, context in
                var (request, context) = (request, context)
                if request.headers[.expect] != nil {
                    request.body = RequestBody(asyncSequence: AnnouncedBody(body: request.body, channel: context.channel))
                }
                func admit() async throws -> Caller? {
                    let caller = try await entryMeter.admit(to: entry) { try await gate.admit(request, context, to: entry) }
                    if case .administrator(let session)? = caller {
                        let isReading = method == .get || method == .head
                        security.record(.asked(for: template, isReading: isReading, by: session.user), request)
                    }
                    return caller
                }
                guard let governance else {
                    context.caller = try await admit()
                    return try await handler(request, context)
                }
                return try await governance.serve(request, context, for: entry, gate: admit) { caller, turn in
                    context.caller = caller
                    context.turn = turn
                    return try await handler(request, context)
                }
            }
        }
    }

    /// All of them, in the order in which they were added.
    var table: [Route] { paths.routes }

    /// Adds a route for administrators that changes something, and that they may ask again under the same `Idempotency-Key`.
    func change(_ template: String, for entry: EntryGate.Entry, _ handler: @escaping Handler) {
        on(.post, template, for: entry, RepeatableRoute(changes: repeats, handler: handler).answer)
    }

    /// Whether whoever watches the server is answered however many requests wait.
    private static func isAlwaysAnswered(_ template: String) -> Bool {
        template == Paths.root || template == Paths.metrics || template.hasPrefix("/debug/")
    }

    var responder: RouterResponder<ServiceRequestContext> { router.buildResponder() }
}
