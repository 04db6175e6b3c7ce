import LivepatchKit
import TUF

/// The answers that are problems, each set of codes with its status described once.
final class ProblemResponses {
    private struct Key: Hashable {
        let status: Int
        let codes: [String]
        let isHead: Bool

        var name: String { "\(isHead ? "Head" : "")Problem\(status)." + codes.joined(separator: ".") }
    }

    private var keys: Set<Key> = []

    /// A reference to the answer with that status and one of those codes.
    func reference(_ status: Int, _ codes: [LivepatchError.Code], isHead: Bool) -> JSONValue {
        let key = Key(status: status, codes: codes.map(\.rawValue).sorted(), isHead: isHead)
        keys.insert(key)
        return ["$ref": .string("#/components/responses/\(key.name)")]
    }

    /// - Parameter problem: the schema of a problem.
    func components(problem: JSONValue) -> [(String, JSONValue)] {
        keys.map { key in
            var response: JSONObject = [
                "description": .string("A problem with the code \(key.codes.joined(separator: " or "))."),
                "headers": .object(headers(of: key.status)),
            ]
            if !key.isHead {
                let codes: JSONValue = .array(key.codes.map { .string($0) })
                response["content"] = .object(
                    JSONObject([
                        (
                            Problem.mediaType,
                            [
                                "schema": [
                                    "allOf": [
                                        problem,
                                        ["properties": ["code": ["enum": codes], "status": ["const": .integer(key.status)]]],
                                    ]
                                ]
                            ]
                        )
                    ]))
            }
            return (key.name, .object(response))
        }
    }

    /// The fields that a status asks for (RFC 9110, sections 10.2.3, 11.6.1 and 14.4).
    private func headers(of status: Int) -> JSONObject {
        var headers: JSONObject = [HeaderNames.serverVersion: ["$ref": "#/components/headers/ServerVersion"]]
        func add(_ name: String, _ description: String, isRequired: Bool) {
            headers[name] = [
                "description": .string(description), "required": .boolean(isRequired), "schema": ["type": "string"],
            ]
        }
        switch status {
        case 401: add("WWW-Authenticate", "Which credential is missing.", isRequired: true)
        case 416: add("Content-Range", "How many bytes there are.", isRequired: true)
        case 429, 503: add("Retry-After", "After how many seconds to ask again.", isRequired: false)
        default: break
        }
        return headers
    }
}
