import LivepatchAPI
import LivepatchHTTP
import LivepatchKit
import ScriptedServer
import Synchronization
import Testing

/// What administrators and machines make of a server that has too much to do.
@Suite struct `A busy server` {
    /// Answers that it is busy so many times, and then something else.
    private static func script(
        busy count: Int, _ code: LivepatchError.Code = .serverOverloaded, retryAfter: String = "0", then answer: ScriptedAnswer
    ) -> ScriptedServer.Script {
        let left = Mutex(count)
        return { _ in
            let isBusy = left.withLock { left in
                left -= 1
                return left >= 0
            }
            return isBusy
                ? try .problem(LivepatchError(code, "It is busy.")).header("Retry-After", retryAfter) : answer
        }
    }

    private static var options: ConnectionOptions {
        var options = ConnectionOptions()
        options.patience = RetryPolicy(attempts: 3, base: .milliseconds(1), patience: .seconds(60))
        return options
    }

    private func withClient(
        _ script: @escaping ScriptedServer.Script, _ body: (AdminClient, ScriptedServer) async throws -> Void
    ) async throws {
        let server = try await ScriptedServer.start(script)
        let client = AdminClient(try ServerAddress(parsing: server.url), session: "session-1", options: Self.options)
        let result: Result<Void, any Error>
        do { result = .success(try await body(client, server)) } catch { result = .failure(error) }
        await client.close()
        await server.stop()
        try result.get()
    }

    @Test(arguments: [LivepatchError.Code.serverOverloaded, .rateLimited])
    func `is asked again by an administrator's client`(code: LivepatchError.Code) async throws {
        try await withClient(Self.script(busy: 2, code, then: try .json(PatchListBody(patches: [])))) {
            client, server async throws in
            #expect(try await client.patches().patches.isEmpty)
            #expect(server.requests.count == 3)
        }
    }

    @Test func `is given up when it stays busy, and at once when it asks for more patience than there is`() async throws {
        for (retryAfter, requests) in [("0", 3), ("61", 1)] {
            let script = Self.script(busy: 100, retryAfter: retryAfter, then: .status(500))
            try await withClient(script) { client, server async throws in
                let error = await expectError(.serverOverloaded) { _ = try await client.patches() }
                #expect(error?.retryAfter == (retryAfter == "0" ? .zero : .seconds(61)))
                #expect(server.requests.count == requests)
            }
        }
    }

    @Test func `that does not say that it has done nothing is not asked again`() async throws {
        try await withClient(Self.script(busy: 1, .unavailable, then: .status(500))) { client, server async throws in
            await expectError(.unavailable) { _ = try await client.patches() }
            #expect(server.requests.count == 1)
        }
    }

    @Test func `tells a machine when to come back, and registers it when it can`() async throws {
        let machine = try MachineID(parsing: "883c4f1574e43c948e0d5fcafecdbb2d")
        let server = try await ScriptedServer.start(Self.script(busy: 2, retryAfter: "17", then: .status(204)))
        let client = try MachineClient(ServerAddress(parsing: server.url), machine: machine, token: token)
        for _ in 0..<2 {
            let error = await expectError(.serverOverloaded) { try await client.goodbye() }
            #expect(error?.retryAfter == .seconds(17))
        }
        try await client.goodbye()
        await client.close()
        await server.stop()

        let body = RegistrationBody(
            machineToken: token, tier: try TierName(parsing: "stable"), deployment: try DeploymentID(parsing: "site"),
            trustedRoots: [])
        let busy = try await ScriptedServer.start(Self.script(busy: 2, then: try .json(body)))
        #expect(
            try await MachineClient.register(
                machine, at: ServerAddress(parsing: busy.url), with: "auth-token-1", options: Self.options
            ) == body)
        #expect(busy.requests.count == 3)
        await busy.stop()
    }
}
