import Foundation
import LivepatchKit
import Processes
import Testing

/// A machine that talks to a server in the words of the protocol, and nothing else.
struct TalkingMachine {
    let port: Int
    let id: String
    var token: String

    private var headers: [String: String] { ["Authorization": "Bearer \(token)"] }

    /// Registers with an auth token.
    init(_ id: String, at port: Int, with authToken: String) async throws {
        self.id = id
        self.port = port
        let answer = try await ask(port, "POST", "/v1/client/\(id)/register", ["Authorization": "Bearer \(authToken)"])
        guard answer.status == 201, let body = try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any],
            let token = body["machineToken"] as? String
        else { throw UnexpectedAnswer(description: "\(id) cannot register: \(answer.status) \(answer.text)") }
        self.token = token
    }

    func get(_ path: String) async throws -> RawAnswer { try await ask(port, "GET", path, headers) }

    func post(_ what: String, _ body: some Encodable, to port: Int? = nil) async throws -> RawAnswer {
        try await ask(
            port ?? self.port, "POST", "/v1/client/\(id)/\(what)", headers,
            body: String(decoding: DocumentCoding.encode(body), as: UTF8.self))
    }

    /// Checks in.
    func report(_ report: MachineReport, to port: Int? = nil) async throws -> CheckInAnswer {
        let answer = try await post("updates", report, to: port)
        guard answer.status == 200 else { throw UnexpectedAnswer(description: "\(id): \(answer.status) \(answer.text)") }
        return try DocumentCoding.decode(CheckInAnswer.self, from: answer.body)
    }

    /// What the server knows of it.
    func known(at port: Int? = nil) async throws -> Machine {
        struct Body: Decodable { let machine: Machine }
        let answer = try await ask(port ?? self.port, "GET", "/v1/client/\(id)/info", headers)
        guard answer.status == 200 else { throw UnexpectedAnswer(description: "\(id): \(answer.status) \(answer.text)") }
        return try DocumentCoding.decode(Body.self, from: answer.body).machine
    }
}

struct UnexpectedAnswer: Error, CustomStringConvertible {
    let description: String
}

extension Administrator {
    /// Issues an auth token.
    /// - Returns: its secret.
    func authToken(_ id: String, _ tier: String, _ options: String = "") async throws -> String {
        try await callAsFunction("auth-token \(id) \(tier) --quiet \(options)").trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// The kernel that a version's only file is for.
    func kernel(of version: String) async throws -> MachineKernel {
        let name = try PatchFileName(parsing: try #require(try await names(self, version).first))
        return MachineKernel(version: name.kernel, flavour: name.flavour, architecture: name.architecture)
    }
}

@Suite("Machines", .serialized) struct MachineTests {
    @Test("register, check in, download with their own token, and are told of a block at once")
    func lifecycle() async throws {
        try await Surroundings.with { here in
            let server = try await here.server("origin")
            let administrator = try await server.administrator()
            try await administrator.importPatches("--versions 100.1,101.1 --kernels 1")
            try await administrator("patch promote 101.1 stable")
            try await administrator("patch promote 100.1 stable")
            let kernel = try await administrator.kernel(of: "101.1")
            let secret = try await administrator.authToken("web", "stable")
            let machine = try await TalkingMachine("machine-1", at: server.port, with: secret)

            let offer = try #require(try await machine.report(MachineReport(kernel: kernel, patchState: .needsCheck)).patch)
            #expect("\(offer.version)" == "101.1")
            let file = try await machine.get(offer.url)
            #expect(file.status == 200)
            #expect(SHA256Digest(of: file.body) == offer.sha256)
            #expect(Int64(file.body.count) == offer.length)
            #expect(try await machine.get("/v1/sync/head").status == 200, "it can check what is signed")
            #expect(try await machine.get("/v1/admin/tiers").status == 401)

            let applied = MachineReport(kernel: kernel, patchState: .applied, patchVersion: offer.version)
            #expect(try await machine.report(applied).revoked == false)
            try await administrator("patch block 101.1 --reason crashes")
            let after = try await machine.report(applied)
            #expect(after.revoked)
            #expect(after.patch.map { "\($0.version)" } == "100.1", "the good one before it")
            #expect(try await machine.get(offer.url).status == 404)

            let listed = try #require(
                (try await administrator.json("auth-tokens list") as? [String: Any])?["authTokens"] as? [[String: Any]])
            #expect(listed.first?["machines"] as? Int == 1)
            #expect(try await machine.known().report == applied)
            #expect(!server.log.contains(secret) && !server.log.contains(machine.token) && !server.log.contains("machine-1"))

            try await administrator("auth-tokens revoke web")
            #expect(try await machine.get("/v1/client/machine-1/info").status == 401)
            #expect(try await machine.get("/v1/sync/head").status == 401)
        }
    }

    @Test(
        "lose nothing that was acknowledged when the server is killed at that very moment, and nothing at all when it is stopped")
    func endings() async throws {
        try await Surroundings.with { here in
            var server = try await here.server("origin")
            var administrator = try await server.administrator()
            try await administrator.importPatches("--versions 100.1 --kernels 1")
            let kernel = try await administrator.kernel(of: "100.1")
            let machine = try await TalkingMachine(
                "machine-1", at: server.port, with: try await administrator.authToken("web", "edge"))
            var failed = MachineReport(kernel: kernel, patchState: .applyFailed)
            failed.attemptedVersion = PatchVersion(100, 1)
            failed.message = "the symbol is not there"
            _ = try await machine.report(failed)
            try await server.process.kill9()

            server = try await here.server("origin")
            #expect(try await machine.known(at: server.port).report == failed)
            var again = failed
            again.cpuModel = "a detail that changes no state"
            _ = try await machine.report(again, to: server.port)
            #expect(try await server.stop() == .exited(0))

            server = try await here.server("origin")
            administrator = try await server.administrator()
            #expect(try await machine.known(at: server.port).report == again)
        }
    }

    @Test("that are many at once are all answered, each with what it said kept")
    func many() async throws {
        try await Surroundings.with { here in
            let server = try await here.server("origin")
            let administrator = try await server.administrator()
            try await administrator.importPatches("--versions 100.1 --kernels 1")
            let kernel = try await administrator.kernel(of: "100.1")
            let secret = try await administrator.authToken("crowd", "edge")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<40 {
                    group.addTask {
                        let machine = try await TalkingMachine("crowd-\(number)", at: server.port, with: secret)
                        var report = MachineReport(kernel: kernel, patchState: .applied, patchVersion: PatchVersion(100, 1))
                        report.message = "number \(number)"
                        #expect(try await machine.report(report).patch != nil)
                        #expect(try await machine.known().report == report)
                    }
                }
                try await group.waitForAll()
            }
            let listed = try #require(
                (try await administrator.json("auth-tokens list") as? [String: Any])?["authTokens"] as? [[String: Any]])
            #expect(listed.first?["machines"] as? Int == 40)
        }
    }

    @Test("get precise answers to what they do wrong, and the server goes on")
    func mistakes() async throws {
        try await Surroundings.with { here in
            let server = try await here.server("origin")
            let administrator = try await server.administrator()
            let secret = try await administrator.authToken("web", "edge", "--machine-limit 1")
            let machine = try await TalkingMachine("machine-1", at: server.port, with: secret)
            let bearer = ["Authorization": "Bearer \(machine.token)"]

            let large = String(repeating: "x", count: 10 << 20)
            let refused = try await ask(server.port, "POST", "/v1/client/machine-1/updates", bearer, body: large)
            #expect(refused.status == 413)
            #expect(refused.text.contains("request-too-large") && refused.text.contains("65536"))
            let malformed = try await ask(
                server.port, "POST", "/v1/client/machine-1/updates", bearer, body: #"{"kernel":{"version":"six"}}"#)
            #expect(malformed.status == 400)
            #expect(malformed.text.contains("kernel"))
            let other = try await ask(server.port, "GET", "/v1/client/machine-2/info", bearer)
            #expect(other.status == 403 && other.text.contains("machine-mismatch"))
            let second = try await ask(
                server.port, "POST", "/v1/client/machine-2/register", ["Authorization": "Bearer \(secret)"])
            #expect(second.status == 403 && second.text.contains("machine-limit"))
            #expect(try await machine.get("/v1/client/machine-1/info").status == 200)
            try await eventually("the operator is told of the stranger") {
                server.log.contains("machinetoken_authn_failed:mismatch")
            }

            try await administrator.refuse("auth-token web edge", status: 73, saying: "web")
            try await administrator.refuse("auth-token other nowhere", status: 66, saying: "nowhere")
            try await administrator.refuse("auth-token other edge --machine-limit 0", status: 64, saying: "machine-limit")
            try await administrator.refuse("auth-tokens move nobody edge", status: 66, saying: "nobody")
            try await administrator.refuse("auth-tokens revoke nobody", status: 66, saying: "nobody")
            try await administrator("auth-tokens move web stable")
            #expect(try await machine.known().tier.description == "stable")
        }
    }

    @Test("are known by a hash under a key that is the server's alone, and that it does not start without when it is damaged")
    func key() async throws {
        try await Surroundings.with { here in
            var server = try await here.server("origin")
            let administrator = try await server.administrator()
            let machine = try await TalkingMachine(
                "machine-1", at: server.port, with: try await administrator.authToken("web", "edge"))
            let path = server.dataDirectory + "/keys/machine-ids.key"
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber
            #expect(mode?.intValue == 0o600)
            let text = try String(contentsOfFile: path, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
            let key = Array(try #require(Data(base64Encoded: text)))
            #expect(key.count == 32)
            #expect(try await machine.known().id == HashedMachineID(try MachineID(parsing: "machine-1"), key: key))
            try await server.stop()
            let stored = try Data(contentsOf: URL(fileURLWithPath: server.dataDirectory + "/livepatch.db"))
            #expect(stored.range(of: Data("machine-1".utf8)) == nil)
            #expect(stored.range(of: Data(machine.token.utf8)) == nil)

            try "no key".write(toFile: path, atomically: false, encoding: .utf8)
            let damaged = try await here.run(
                .server, here.serverArguments("origin"), environment: here.serverEnvironment())
            #expect(damaged.status == 78)
            #expect(damaged.errors.contains("machine-ids.key") && damaged.errors.contains("backup"))

            try FileManager.default.removeItem(atPath: path)
            server = try await here.server("origin")
            #expect(server.log.contains("a new one was made"))
            #expect(
                try await ask(
                    server.port, "GET", "/v1/client/machine-1/info", ["Authorization": "Bearer \(machine.token)"]
                ).status == 403)
        }
    }
}
