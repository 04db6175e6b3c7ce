public import LivepatchAPI
import LivepatchKit
import NIOHTTP1

extension AdminClient {
    /// `GET /`: the server's one line about itself.
    public func greeting() async throws -> String {
        let request = request(.GET, Paths.root)
        return String(decoding: try await bytes(answer(request), to: request), as: UTF8.self)
    }

    /// `GET /debug/info`
    public func information() async throws -> ServerInformationBody { try await value(request(.GET, Paths.debugInformation)) }

    /// `GET /debug/status`
    public func status() async throws -> ServerStatusBody { try await value(request(.GET, Paths.debugStatus)) }
}
