import LivepatchAPI
import LivepatchHTTP
import LivepatchKit
import Logging
import Processes
import Synchronization

/// An administrator's way to a server that is not always there.
final class Office: Sendable {
    /// There is no server at the moment.
    struct Closed: Error {}

    private let url: @Sendable () -> String?
    private let session = Mutex<String?>(nil)

    init(_ url: @escaping @Sendable () -> String?) { self.url = url }

    /// Asks the server something, logged in.
    func callAsFunction<Value: Sendable>(_ body: (AdminClient) async throws -> Value) async throws -> Value {
        guard let url = url() else { throw Closed() }
        let timeouts = ConnectionTimeouts(connect: .seconds(3), idle: .seconds(15), total: .seconds(60))
        let client = AdminClient(
            try ServerAddress(parsing: url), options: ConnectionOptions(timeouts: timeouts),
            logger: Logger(label: "soak") { _ in SwiftLogNoOpLogHandler() })
        do {
            let value: Value
            do {
                value = try await body(client.with(session: try await login(client)))
            } catch let error as LivepatchError where error.code == .loginRequired {
                session.withLock { $0 = nil }
                value = try await body(client.with(session: try await login(client)))
            }
            await client.close()
            return value
        } catch {
            await client.close()
            throw error
        }
    }

    private func login(_ client: AdminClient) async throws -> String {
        if let session = session.withLock({ $0 }) { return session }
        let (user, password) = RunningServer.administrator
        let token = try await client.login(user: user, password: password).token
        session.withLock { $0 = token }
        return token
    }

    /// Syncs, and waits for the end.
    func sync() async throws {
        try await self { client in
            for try await event in try await client.triggerSync(wait: true, acceptRemovals: true) {
                if case .ended = event { return }
            }
        }
    }
}
