import LivepatchKit

extension Endpoint {
    static let health = [
        Endpoint(
            .get, Paths.root, "greet", "Whether the server is up, in a line of text.", for: .everybody,
            answers: [
                Answer(status: 200, content: .text, description: "It is."),
                Answer(status: 503, content: .text, description: "Its database cannot be read."),
            ]),
        Endpoint(
            .get, Paths.debugInformation, "tellInformation", "Which server it is.", for: .everybody,
            answers: [.json(ServerInformationBody.self)]),
        Endpoint(
            .get, Paths.debugStatus, "tellStatus", "How the server's parts are.", for: .everybody,
            answers: [
                .json(ServerStatusBody.self, 200, "It does its work."),
                .json(ServerStatusBody.self, 503, "It cannot do its work."),
            ]),
        Endpoint(
            .get, Paths.metrics, "readMetrics", "What the server counts and measures, for Prometheus.", for: .observers,
            answers: [
                Answer(status: 200, content: .text, description: "Prometheus' text format 0.0.4 (Documentation/monitoring).")
            ]),
        Endpoint(
            .get, Paths.contract, "tellContract", "This document.", for: .everybody,
            parameters: [.ifNoneMatch],
            answers: [
                Answer(
                    status: 200, content: .bytes(mediaType: "application/json"), description: "An OpenAPI 3.1 document.",
                    headers: [.entityTag]),
                .notModified,
            ]),
    ]

    static let sessions = [
        Endpoint(
            .post, Paths.login, "logIn", "Begins a session.", for: .password, answers: [.json(LoginBody.self)]),
        Endpoint(
            .post, Paths.logout, "logOut", "Ends the session that it is asked with.", for: .administrators(.read),
            answers: [.done]),
        Endpoint(
            .get, Paths.session, "tellSession", "Whose session it is.", for: .administrators(.read),
            answers: [.json(SessionBody.self)]),
        Endpoint(
            .get, Paths.sessions, "listSessions",
            "The sessions that are good now: one's own, or, for whoever has the role admin, somebody else's or everybody's.",
            for: .administrators(.read),
            parameters: [
                .query("user", String.self, "Whose; not together with `everybody`."),
                .query("everybody", Bool.self, "Whether everybody's."),
            ], answers: [.json(AdminSessionsBody.self)]),
        Endpoint(
            .post, Paths.sessionRevocations, "revokeSessions",
            "Ends sessions: one's own, or, for whoever has the role admin, anybody's.", for: .administrators(.read),
            body: .json(SessionRevocationBody.self),
            answers: [.json(AdminSessionsBody.self, 200, "Those that were ended.")], problems: [.notFound, .malformedValue]),
    ]
}
