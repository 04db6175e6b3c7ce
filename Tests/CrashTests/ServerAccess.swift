import LivepatchAPI
import LivepatchHTTP
import LivepatchKit
import Processes

/// What opens a server to a test: an administrator's session and a sync token. Both outlive its process.
struct ServerAccess: Sendable {
    /// The sync token's secret, for the first of the tiers that every server begins with.
    let token: String
    private let session: String

    init(to server: RunningServer) async throws {
        let client = try AdminClient(ServerAddress(parsing: server.url))
        let (user, password) = RunningServer.administrator
        session = try await client.login(user: user, password: password).token
        token = try await client.with(session: session).addSyncToken(tier: TierName(parsing: "edge"), name: "test").secret
        await client.close()
    }

    /// The administrator's client, for a process of that server.
    func client(of server: RunningServer) throws -> AdminClient {
        try AdminClient(ServerAddress(parsing: server.url), session: session)
    }

    /// Downloads from a process of that server.
    func downloads(from server: RunningServer) -> Downloads { Downloads(url: server.url, token: token) }
}
