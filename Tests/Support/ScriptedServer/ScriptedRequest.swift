import LivepatchKit
import NIOHTTP1

/// A request as it arrived.
public struct ScriptedRequest: Sendable {
    public let method: String
    /// Path and query, as they stood in the request line.
    public let target: String
    public let headers: [(name: String, value: String)]
    /// What of the body was kept (``ScriptedServer/keptBodyBytes``), and how long it was.
    public let body: [UInt8]
    public let bodyLength: Int64
    /// The number of the connection that it came on, from 1, so that the use of connections can be seen.
    public let connection: Int

    /// The target without its query.
    public var path: String { String(target.prefix { $0 != "?" }) }

    /// The first field of that name, in whatever case.
    public func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}
