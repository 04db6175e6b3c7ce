import LivepatchKit
import TUF

/// The OpenAPI 3.1 document of every endpoint: made from ``Endpoint/all`` and the types of bodies, so that there is no second
/// description of either.
public enum ContractDocument {
    /// The document's bytes, pretty-printed with a line feed at the end.
    /// - Throws: if a body is of a type whose schema cannot be worked out; a test proves that none is.
    public static func bytes() throws -> [UInt8] { JSONText.pretty(try value()) }

    static func value() throws -> JSONValue {
        let book = SchemaBook()
        let problems = ProblemResponses()
        var paths: JSONObject = [:]
        for endpoint in Endpoint.all {
            for endpoint in [endpoint, endpoint.head].compactMap({ $0 }) {
                var item: JSONObject = [:]
                if case .object(let present)? = paths[endpoint.path] { item = present }
                item[endpoint.method.rawValue] = try EndpointValue(endpoint, book: book, problems: problems).value
                paths[endpoint.path] = .object(item)
            }
        }
        let problem = try book.schema(of: Problem.self)
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "Livepatch for Swift",
                "version": .string(Release.version),
                "description": .string(introduction),
                "license": ["name": "Apache-2.0", "identifier": "Apache-2.0"],
            ],
            "paths": .object(paths),
            "components": [
                "schemas": .object(JSONObject(book.components.map { ($0.key, $0.value) })),
                "responses": .object(JSONObject(problems.components(problem: problem))),
                "headers": [
                    "ServerVersion": [
                        "description": "The server's release.", "required": true, "schema": ["type": "string"],
                    ]
                ],
                "securitySchemes": securitySchemes,
            ],
        ]
    }

    private static let introduction = """
        What a server of Livepatch for Swift can be asked. Times are RFC 3339 in UTC, to the second; sizes are in bytes. A member that a \
        reader does not know is to be ignored. Every error is a problem (RFC 9457) whose `code` says which one; the codes are explained \
        in Documentation/administration.md. A server may answer any request with 503 while it stops.
        """

    private static let securitySchemes: JSONValue = [
        "password": [
            "type": "http", "scheme": "basic", "description": "An administrator's user name and password, for logging in.",
        ],
        "session": bearer("The token of an administrator's session, from logging in."),
        "identity": bearer(
            "A token that the identity provider of `auth.oauth.issuer` has signed, whose claims give the user and the role.",
            format: "JWT"),
        "metricsToken": bearer("The token of `server.metrics.token`; without one, everybody may read the metrics."),
        "syncToken": bearer("A downstream's sync token."),
        "machineToken": bearer("A machine's token, from registering."),
        "authToken": bearer("An auth token, with which machines register."),
    ]

    private static func bearer(_ description: String, format: String? = nil) -> JSONValue {
        var scheme: JSONObject = ["type": "http", "scheme": "bearer", "description": .string(description)]
        if let format { scheme["bearerFormat"] = .string(format) }
        return .object(scheme)
    }
}
