import LivepatchKit
import TUF

/// An endpoint as OpenAPI writes it.
struct EndpointValue {
    private let endpoint: Endpoint
    private let book: SchemaBook
    private let problems: ProblemResponses

    init(_ endpoint: Endpoint, book: SchemaBook, problems: ProblemResponses) {
        self.endpoint = endpoint
        self.book = book
        self.problems = problems
    }

    var value: JSONValue {
        get throws {
            var value: JSONObject = [
                "operationId": .string(endpoint.id), "summary": .string(endpoint.summary), "security": .array(security),
                "responses": .object(try responses()),
            ]
            let parameters = try parameters()
            if !parameters.isEmpty { value["parameters"] = .array(parameters) }
            if let body = endpoint.body { value["requestBody"] = try request(body) }
            return .object(value)
        }
    }

    private var security: [JSONValue] {
        func schemes(_ names: String...) -> [JSONValue] { names.map { .object(JSONObject([($0, .array([]))])) } }
        return switch endpoint.admission {
        case .everybody: []
        case .observers: [[:]] + schemes("metricsToken")
        case .password: schemes("password")
        case .authToken: schemes("authToken")
        case .administrators(let role):
            ["session", "identity"].map {
                .object(JSONObject([($0, .array([.string(role.rawValue)]))]))
            }
        case .downstreams: schemes("syncToken")
        case .machines: schemes("machineToken")
        case .viewers: schemes("syncToken", "machineToken")
        case .downloaders: schemes("syncToken", "machineToken", "session", "identity")
        }
    }

    private func parameters() throws -> [JSONValue] {
        let described = Set(endpoint.parameters.filter { $0.place == .path }.map(\.name))
        let path = endpoint.pathParameters.filter { !described.contains($0) }.map(Endpoint.Parameter.named)
        return try (path + endpoint.parameters + (endpoint.isRepeatable ? [.idempotencyKey] : [])).map(parameter)
    }

    private func parameter(_ parameter: Endpoint.Parameter) throws -> JSONValue {
        var schema = try book.schema(of: parameter.type)
        if let bounds = parameter.bounds {
            schema = [
                "type": "integer", "minimum": .integer(Int(bounds.lowerBound)), "maximum": .integer(Int(bounds.upperBound)),
            ]
        }
        if parameter.isRepeated { schema = ["type": "array", "items": schema] }
        var value: JSONObject = [
            "name": .string(parameter.name), "in": .string(parameter.place.rawValue), "schema": schema,
            "description": .string(parameter.description),
        ]
        if parameter.isRequired { value["required"] = true }
        if let example = parameter.example { value["example"] = .string(example) }
        return .object(value)
    }

    private func request(_ body: Endpoint.RequestBody) throws -> JSONValue {
        var media: JSONObject = [:]
        if let type = body.type { media["schema"] = try book.schema(of: type) }
        var value: JSONObject = ["required": true, "content": .object(JSONObject([(body.mediaType, .object(media))]))]
        if !body.description.isEmpty { value["description"] = .string(body.description) }
        return .object(value)
    }

    private func responses() throws -> JSONObject {
        var responses: JSONObject = [:]
        for answer in endpoint.answers { responses["\(answer.status)"] = try response(answer) }
        for (status, codes) in Dictionary(grouping: endpoint.allProblems, by: { ErrorDisposition(of: $0).status }) {
            responses["\(status)"] = problems.reference(status, codes, isHead: endpoint.method == .head)
        }
        return responses
    }

    private func response(_ answer: Endpoint.Answer) throws -> JSONValue {
        var headers: JSONObject = [HeaderNames.serverVersion: ["$ref": "#/components/headers/ServerVersion"]]
        for header in answer.headers {
            headers[header.name] = [
                "description": .string(header.description), "required": .boolean(header.isRequired), "schema": ["type": "string"],
            ]
        }
        var value: JSONObject = ["description": .string(answer.description), "headers": .object(headers)]
        if endpoint.method != .head, let content = try content(answer.content) { value["content"] = content }
        return .object(value)
    }

    private static let signed: JSONValue = [
        "type": "object", "required": ["signatures", "signed"],
        "properties": ["signatures": ["type": "array", "items": ["type": "object"]], "signed": ["type": "object"]],
    ]

    private func content(_ content: Endpoint.Answer.Content) throws -> JSONValue? {
        switch content {
        case .nothing: nil
        case .json(let type): ["application/json": ["schema": try book.schema(of: type)]]
        case .lines(let type):
            // OpenAPI 3.1 cannot describe the items of a stream; what its successor calls `itemSchema` stands here as an extension.
            ["application/x-ndjson": ["schema": ["type": "string"], "x-item-schema": try book.schema(of: type)]]
        case .signable(let type):
            ["application/json": ["schema": ["anyOf": [try book.schema(of: type), Self.signed]]]]
        case .text: ["text/plain": ["schema": ["type": "string"]]]
        case .bytes(let mediaType): .object(JSONObject([(mediaType, .object([:]))]))
        }
    }
}
