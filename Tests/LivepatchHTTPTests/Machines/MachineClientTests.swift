import FoundationEssentials
import LivepatchAPI
import LivepatchHTTP
import LivepatchKit
import ScriptedServer
import Testing

private func machine() throws -> MachineID { try MachineID(parsing: "883c4f1574e43c948e0d5fcafecdbb2d") }

private func kernel() throws -> MachineKernel {
    MachineKernel(
        version: try KernelVersion(parsing: "6.1.0-56.192.2"), flavour: try Flavour(parsing: "cloud-amd64"), architecture: .amd64)
}

/// Runs a body against a server and a machine's client for it, and ends both.
private func withClient(
    options: ConnectionOptions = ConnectionOptions(), script: @escaping ScriptedServer.Script,
    _ body: (MachineClient, ScriptedServer) async throws -> Void
) async throws {
    let server = try await ScriptedServer.start(script)
    let client = try MachineClient(ServerAddress(parsing: server.url), machine: machine(), token: token, options: options)
    do {
        try await body(client, server)
    } catch {
        await client.close()
        await server.stop()
        throw error
    }
    await client.close()
    await server.stop()
}

@Suite struct `A machine's client` {
    @Test func `registers with an auth token`() async throws {
        let body = RegistrationBody(
            machineToken: token, tier: try TierName(parsing: "stable"), deployment: try DeploymentID(parsing: "site"),
            trustedRoots: [
                TrustedRoot(
                    kind: .origin, signer: try DeploymentID(parsing: "origin"), version: 1, fingerprint: SHA256Digest(of: [1]))
            ])
        let server = try await ScriptedServer.start { _ in try .json(body) }
        let answer = try await MachineClient.register(machine(), at: ServerAddress(parsing: server.url), with: "auth-token-1")
        await server.stop()
        #expect(answer == body)
        #expect(server.requests.count == 1)
        #expect(server.requests[0].method == "POST")
        #expect(server.requests[0].path == "/v1/client/883c4f1574e43c948e0d5fcafecdbb2d/register")
        #expect(server.requests[0].header("Authorization") == "Bearer auth-token-1")
    }

    @Test func `checks in, pings, asks and says goodbye with its own token`() async throws {
        var report = MachineReport(kernel: try kernel(), patchState: .needsCheck)
        report.uptimeSeconds = 3600
        report.clientVersion = "test/1"
        let answer = CheckInAnswer(
            time: Date(timeIntervalSince1970: 1_700_000_000), revision: CatalogRevision(rawValue: 7),
            tier: try TierName(parsing: "edge"),
            reason: .kernelUnknown, message: "None.", nextCheckSeconds: 3600)
        let script: ScriptedServer.Script = { request in
            switch (request.method, request.path.split(separator: "/").last) {
            case ("POST", "updates"): try .json(answer)
            case ("POST", "pings"), ("DELETE", _): .status(204)
            default: .status(404)
            }
        }
        try await withClient(script: script) { client, server async throws in
            #expect(try await client.checkIn(report) == answer)
            try await client.ping(
                MachinePing(.before, patchVersion: PatchVersion(107, 1), kernel: kernel(), patchState: .unapplied))
            try await client.goodbye()
            #expect(server.requests.map(\.method) == ["POST", "POST", "DELETE"])
            #expect(server.requests.allSatisfy { $0.header("Authorization") == "Bearer \(token)" })
            #expect(
                server.requests.map(\.path)
                    == ["updates", "pings", ""].map { "/v1/client/883c4f1574e43c948e0d5fcafecdbb2d\($0.isEmpty ? "" : "/\($0)")" }
            )
            #expect(try DocumentCoding.decode(MachineReport.self, from: server.requests[0].body) == report)
            let ping = try DocumentCoding.decode(MachinePing.self, from: server.requests[1].body)
            #expect(ping.pingType == .before && ping.patchVersion == PatchVersion(107, 1))
        }
    }

    @Test(arguments: [
        (401, LivepatchError.Code.tokenRefused), (403, .tokenRefused), (429, .unavailable), (503, .unavailable),
        (500, .unavailable),
        (404, .serverUnreachable), (301, .serverUnreachable), (200, .serverUnreachable),
    ])
    func `understands what a stranger answers`(status: Int, code: LivepatchError.Code) async throws {
        try await withClient(script: { _ in .status(status, Array("<html>".utf8)) }) { client, server async throws in
            let error = await expectError(code) {
                _ = try await client.checkIn(MachineReport(kernel: kernel(), patchState: .applied))
            }
            #expect(error?.message.contains(server.url) == true)
            #expect(error?.description.contains(token) == false)
        }
    }

    @Test func `repeats the server's own words, and says what to do about a refused token`() async throws {
        let refusal = Problem(LivepatchError(.tokenRefused, "The machine token was refused."))
        let script: ScriptedServer.Script = { _ in
            .status(401, try DocumentCoding.encode(refusal), headers: [("Content-Type", Problem.mediaType)])
        }
        try await withClient(script: script) { client, _ async throws in
            let error = await expectError(.tokenRefused) {
                _ = try await client.checkIn(MachineReport(kernel: kernel(), patchState: .applied))
            }
            #expect(error?.message == "The machine token was refused.")
            #expect(error?.suggestion?.contains("livepatch-agent enable") == true)
        }
    }

    @Test func `tells of the view's errors as to a machine`() async throws {
        try await withClient(script: { _ in .status(401) }) { client, _ async throws in
            let error = await expectError(.upstreamRefusedToken) { _ = try await client.view.head(unless: nil) }
            #expect(error?.description.contains("sync") == false, "\(error?.description ?? "")")
            #expect(error?.suggestion?.contains("livepatch-agent enable") == true)
        }
        try await withClient(script: { _ in .status(404) }) { client, _ async throws in
            let error = await expectError(.upstreamLacks) { _ = try await client.view.head(unless: nil) }
            #expect(error?.description.contains("patch-sync") == false, "\(error?.description ?? "")")
        }
    }

    @Test func `says when nobody is there`() async throws {
        let server = try await ScriptedServer.start { _ in .status(204) }
        let address = try ServerAddress(parsing: server.url)
        await server.stop()
        let client = try MachineClient(address, machine: machine(), token: token)
        await expectError(.serverUnreachable) {
            _ = try await client.checkIn(MachineReport(kernel: kernel(), patchState: .applied))
        }
        await client.close()
        await expectError(.serverUnreachable) { _ = try await MachineClient.register(machine(), at: address, with: "token") }
    }

    @Test(arguments: ["", "two words", "line\nbreak", "ümlaut", String(repeating: "x", count: 513)])
    func `refuses a token that cannot be one, and does not repeat it`(bad: String) async throws {
        let address = try ServerAddress(parsing: "http://127.0.0.1:9")
        let error = await expectError(.malformedValue) { _ = try MachineClient(address, machine: machine(), token: bad) }
        #expect(bad.isEmpty || error?.description.contains(bad) == false)
        await expectError(.malformedValue) { _ = try await MachineClient.register(machine(), at: address, with: bad) }
    }
}
