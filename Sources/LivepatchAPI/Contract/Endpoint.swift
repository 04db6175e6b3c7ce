public import LivepatchKit

/// One thing that can be asked of a server: a method and a path, who may, with what, and which answers come.
public struct Endpoint: Sendable {
    public enum Method: String, Sendable, CaseIterable {
        case get, head, post, put, delete
    }

    /// Who may ask.
    public enum Admission: Hashable, Sendable {
        case everybody
        /// Whoever has the token of `server.metrics.token`, or everybody where there is none.
        case observers
        /// Whoever has an administrator's password.
        case password
        /// Whoever has an auth token.
        case authToken
        /// Administrators with that role or a higher one.
        case administrators(AdministratorRole)
        case downstreams
        /// The machine that the path names.
        case machines
        /// Downstreams and machines.
        case viewers
        /// Downstreams, machines and administrators.
        case downloaders
    }

    public let method: Method
    /// One of ``Paths``, parameters in braces.
    public let path: String
    /// A name that no other endpoint has.
    public let id: String
    /// What it is for, in a sentence.
    public let summary: String
    public let admission: Admission
    let parameters: [Parameter]
    let body: RequestBody?
    let answers: [Answer]
    /// What it may fail with, beside what every endpoint of its kind may.
    let problems: [LivepatchError.Code]

    init(
        _ method: Method, _ path: String, _ id: String, _ summary: String, for admission: Admission,
        parameters: [Parameter] = [], body: RequestBody? = nil, answers: [Answer], problems: [LivepatchError.Code] = []
    ) {
        self.method = method
        self.path = path
        self.id = id
        self.summary = summary
        self.admission = admission
        self.parameters = parameters
        self.body = body
        self.answers = answers
        self.problems = problems
    }

    /// The same without a body in its answer (RFC 9110, section 9.3.2): whatever takes `GET` takes it.
    var head: Endpoint? {
        guard method == .get else { return nil }
        return Endpoint(
            .head, path, "\(id)Head", "\(summary) Only the header fields.", for: admission,
            parameters: parameters.filter { $0.name != "Range" && $0.name != "If-Range" },
            answers: answers.filter { $0.status != 206 }, problems: problems.filter { $0 != .rangeNotSatisfiable })
    }

    /// Whether it may be asked again under the same `Idempotency-Key`: every change by an administrator but for work whose answer is a
    /// stream, and for the session's end.
    var isRepeatable: Bool {
        let isStream = answers.contains {
            switch $0.content {
            case .lines, .bytes: true
            default: false
            }
        }
        guard case .administrators = admission else { return false }
        return method == .post && !isStream && id != "logOut"
    }

    /// The names in braces of the path.
    var pathParameters: [String] { path.matches(of: /\{([^}]+)\}/).map { String($0.1) } }

    /// All codes that a problem may have in the place of an answer.
    var allProblems: [LivepatchError.Code] {
        var codes =
            problems
            + (isRepeatable
                ? [.idempotencyKeyReused, .idempotencyKeyInUse, .idempotencyOutcomeUnknown, .malformedRequest, .requestTooLarge]
                : [])
        codes += [.internalFault, .databaseUnavailable, .unavailable]
        // What the governor answers in the place of everything.
        codes += [.serverOverloaded, .rateLimited, .requestTimeout, .targetTooLong, .headerTooLarge]
        switch admission {
        case .everybody: break
        case .observers: codes.append(.tokenRefused)
        case .password: codes += [.loginFailed, .loginLocked]
        case .administrators: codes += [.loginRequired, .roleInsufficient]
        case .machines: codes += [.tokenRefused, .machineMismatch, .malformedValue]
        case .authToken: codes.append(.tokenRefused)
        // What is answered at another address is not there, and some addresses ask downstreams for a client's certificate.
        case .downstreams, .viewers, .downloaders: codes += [.tokenRefused, .clientCertificateRequired, .notFound]
        }
        if !pathParameters.isEmpty { codes += [.malformedRequest, .notFound] }
        if parameters.contains(where: { $0.place == .query }) { codes.append(.malformedRequest) }
        if let body { codes += body.isRead ? [.malformedRequest, .requestTooLarge] : [.malformedRequest] }
        return Array(Set(codes))
    }
}

extension Endpoint {
    /// What is given beside the path and the body.
    struct Parameter: Sendable {
        enum Place: String, Sendable {
            case path, query, header
        }

        let name: String
        let place: Place
        let type: any (Decodable & Sendable).Type
        let description: String
        var isRequired = false
        /// Whether it may be there several times.
        var isRepeated = false
        /// For numbers.
        var bounds: ClosedRange<Int64>?
        /// What else it may be than what its type says.
        var example: String?

        static func path(_ name: String, _ type: any (Decodable & Sendable).Type, _ description: String) -> Parameter {
            Parameter(name: name, place: .path, type: type, description: description, isRequired: true)
        }

        static func query(
            _ name: String, _ type: any (Decodable & Sendable).Type, _ description: String, isRequired: Bool = false,
            isRepeated: Bool = false, bounds: ClosedRange<Int64>? = nil, example: String? = nil
        ) -> Parameter {
            Parameter(
                name: name, place: .query, type: type, description: description, isRequired: isRequired, isRepeated: isRepeated,
                bounds: bounds, example: example)
        }

        static func header(_ name: String, _ description: String) -> Parameter {
            Parameter(name: name, place: .header, type: String.self, description: description)
        }
    }

    /// What is sent along.
    struct RequestBody: Sendable {
        let mediaType: String
        /// `nil` for bytes that are no JSON value.
        let type: (any (Decodable & Sendable).Type)?
        let description: String
        /// Whether it is read whole, and so has a limit of bytes.
        var isRead = true

        static func json(_ type: any (Decodable & Sendable).Type) -> RequestBody {
            RequestBody(mediaType: "application/json", type: type, description: "")
        }
    }

    /// An answer that is not a problem.
    struct Answer: Sendable {
        enum Content: Sendable {
            case nothing
            case json(any (Decodable & Sendable).Type)
            /// JSON lines, each of which is such a value.
            case lines(any (Decodable & Sendable).Type)
            /// Such a value, or the same as signed metadata of The Update Framework, where the server signs.
            case signable(any (Decodable & Sendable).Type)
            case text
            case bytes(mediaType: String)
        }

        let status: Int
        let content: Content
        let description: String
        var headers: [Header] = []

        static func json(
            _ type: any (Decodable & Sendable).Type, _ status: Int = 200, _ description: String = "It is so.",
            headers: [Header] = []
        ) -> Answer {
            Answer(status: status, content: .json(type), description: description, headers: headers)
        }

        static func lines(_ type: any (Decodable & Sendable).Type, _ description: String) -> Answer {
            Answer(status: 200, content: .lines(type), description: description)
        }

        static let done = Answer(status: 204, content: .nothing, description: "It is done; there is nothing to say.")
    }

    /// A field of an answer's header.
    struct Header: Sendable {
        let name: String
        let description: String
        var isRequired = true
    }
}

extension Endpoint.Parameter {
    static let ifMatch = Endpoint.Parameter.header(
        "If-Match", "The entity tag of a dry run's answer: exactly that plan is carried out, or none.")
    static let idempotencyKey = Endpoint.Parameter.header(
        HeaderNames.idempotencyKey,
        "What the caller names the change by, a new UUID for each: asked again under the same key within a day, the same answer is given, and nothing is done twice."
    )
}

extension Endpoint {
    /// Which page of a list is wanted.
    static let page: [Parameter] = [
        .query(PageQuery.limit, Int64.self, "How many items at most.", bounds: PageQuery.limits),
        .query(PageQuery.cursor, String.self, "Where to go on: `next` of the page before."),
    ]
}

extension Endpoint.Parameter {
    static let ifNoneMatch = Endpoint.Parameter.header(
        "If-None-Match", "An entity tag that the caller has, or several; if one is the present one the answer is 304.")
    static let deployment = Endpoint.Parameter.header(
        HeaderNames.deployment, "Which deployment asks, as it says itself.")
}

extension Endpoint.Header {
    static let planTag = Endpoint.Header(
        name: "ETag", description: "Of a dry run's answer: what `If-Match` takes to have exactly that plan carried out.",
        isRequired: false)
    static let lag = Endpoint.Header(
        name: HeaderNames.lag,
        description: "How many seconds ago what is shown was the origin's; 0 at the origin itself, missing if nobody knows.",
        isRequired: false)
    static let entityTag = Endpoint.Header(name: "ETag", description: "The strong entity tag of what is answered.")
}

extension Endpoint.Answer {
    static let notModified = Endpoint.Answer(
        status: 304, content: .nothing, description: "What the caller has is what there is.", headers: [.entityTag])
}
