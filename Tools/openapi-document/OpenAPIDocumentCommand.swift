import LivepatchAPI

/// Prints `Documentation/openapi.json`, which is made from the endpoints and the types of their bodies.
@main
struct OpenAPIDocumentCommand {
    static func main() throws { print(String(decoding: try ContractDocument.bytes(), as: UTF8.self), terminator: "") }
}
