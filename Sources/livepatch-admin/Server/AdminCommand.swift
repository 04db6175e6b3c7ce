import ArgumentParser
import LivepatchConsole

/// A command that asks something of a server.
protocol AdminCommand: AsyncParsableCommand {
    /// Whether it takes a session to ask this.
    static var needsLogin: Bool { get }
    /// Whether a bearer token that was given is shown to the server instead of a session.
    static var takesBearer: Bool { get }
    var server: ServerOptions { get }
    func run(_ context: AdminContext) async throws
}

extension AdminCommand {
    static var needsLogin: Bool { true }
    static var takesBearer: Bool { true }

    func run() async throws {
        try await server.connected(console: .standard(), needsLogin: Self.needsLogin, takesBearer: Self.takesBearer, run)
    }
}

/// What a command works with.
struct AdminContext: Sendable {
    let server: any AdministeredServer
    /// The server's URL, normalized.
    let address: String
    let console: Console
    let sessions: SessionStore
    /// Whether the server is shown something that says who asks.
    var hasCredentials = true
}
