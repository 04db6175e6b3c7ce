import FoundationEssentials
import LivepatchAPI
import LivepatchHTTP
import LivepatchKit
import ScriptedServer
import Testing

/// Runs a body against a server and an administrator's client for it, and ends both.
private func withClient(
    session: String? = "session-1", readsBodies: Bool = true, options: ConnectionOptions = ConnectionOptions(),
    script: @escaping ScriptedServer.Script, _ body: (AdminClient, ScriptedServer) async throws -> Void
) async throws {
    let server = try await ScriptedServer.start(readsBodies: readsBodies, script)
    let client = AdminClient(try ServerAddress(parsing: server.url), session: session, options: options)
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

private let edge: TierName = {
    guard let name = try? TierName(parsing: "edge") else { preconditionFailure("edge is a tier's name") }
    return name
}()
private let time = Date(timeIntervalSince1970: 1_717_243_200)

private let tokenBody = SyncTokenBody(SyncToken(name: "site", tier: edge, created: time, secrets: []), now: time)

private let authTokenBody = AuthTokenBody(
    AuthToken(id: "web", tier: edge, created: time, machineLimit: 5, hash: SHA256Digest(of: [1])), machines: 2, now: time)

@Suite struct `The administrator's client` {
    @Test func `logs in with a password and goes on with a session`() async throws {
        let script: ScriptedServer.Script = { request in
            request.path == Paths.login
                ? try .json(LoginBody(token: "session-2", user: "admin", role: .admin, expires: time))
                : try .json(SessionBody(user: "admin", role: .admin, expires: time))
        }
        try await withClient(session: nil, script: script) { client, server in
            let login = try await client.login(user: "admin", password: "pässwörd:1")
            #expect(login == LoginBody(token: "session-2", user: "admin", role: .admin, expires: time))
            #expect(try await client.with(session: login.token).currentSession().user == "admin")
            #expect(server.requests[0].method == "POST")
            #expect(server.requests[0].header("Authorization") == "Basic \(Data("admin:pässwörd:1".utf8).base64EncodedString())")
            #expect(server.requests[1].header("Authorization") == "Bearer session-2")
        }
    }

    @Test func `issues, lists, moves and revokes auth tokens`() async throws {
        let script: ScriptedServer.Script = { request in
            switch (request.method, request.path) {
            case ("POST", "/v1/admin/auth-token"):
                try .json(IssuedAuthTokenBody(authToken: authTokenBody, secret: token, trustedRoots: []))
            case ("GET", "/v1/admin/auth-tokens"): try .json(AuthTokensBody(authTokens: [authTokenBody]))
            case ("POST", "/v1/admin/auth-tokens/web%20servers%2F1/move"), ("DELETE", "/v1/admin/auth-tokens/web%20servers%2F1"):
                try .json(authTokenBody)
            default: .status(404)
            }
        }
        try await withClient(script: script) { client, server in
            let issued = try await client.addAuthToken(id: "web", tier: edge, validUntil: time, machineLimit: 5)
            #expect(issued.secret == token)
            #expect(issued.authToken == authTokenBody)
            let request = try DocumentCoding.decode(AuthTokenRequestBody.self, from: try #require(server.requests.last).body)
            #expect(request == AuthTokenRequestBody(id: "web", tier: edge, validUntil: time, machineLimit: 5))
            #expect(try await client.authTokens().authTokens == [authTokenBody])
            #expect(try await client.moveAuthToken("web servers/1", to: edge).machines == 2)
            let move = try DocumentCoding.decode(AuthTokenMoveBody.self, from: try #require(server.requests.last).body)
            #expect(move.tier == edge)
            #expect(try await client.revokeAuthToken("web servers/1").id == "web")
        }
    }

    @Test func `asks each endpoint as the server has it`() async throws {
        let version = PatchVersion(107, 1)
        let record = PatchVersionRecord(
            version: version, source: .imported, arrived: time, released: time, files: 1, available: 1, bytes: 9, cves: [],
            document: nil)
        let patch = PatchVersionBody(record: record, tiers: [edge], blocks: [])
        let plan = #"{"plan":{"command":{"undo":{"change":7}},"change":{"tokens":[]},"effects":[],"notes":[]}}"#
        let script: ScriptedServer.Script = { request in
            switch (request.method, request.path) {
            case ("GET", "/"): .ok(Array("Livepatch 0.1.0".utf8))
            case ("GET", "/debug/info"):
                try .json(ServerInformationBody(version: "0.1.0", deployment: DeploymentID(parsing: "a"), started: time))
            case ("GET", "/debug/status"): try .json(["database": ServiceStatusBody(status: "OK")])
            case ("POST", "/v1/admin/logout"): .status(204)
            case ("GET", "/v1/admin/tiers"): try .json(TierListBody(tiers: [], managedBy: nil))
            case ("GET", "/v1/admin/tier-snapshots"): try .json(TierSnapshotsBody(snapshots: []))
            case ("GET", "/v1/admin/changes"): try .json(HistoryBody(changes: []))
            case ("GET", "/v1/admin/patches"): try .json(PatchListBody(patches: [patch]))
            case ("GET", "/v1/admin/patches/107.1"): try .json(PatchDetailBody(patch: patch, files: []))
            case ("GET", "/v1/admin/storage/patches"):
                try .json(StoragePatchesBody(files: [], heldBytes: 1, freeBytes: nil))
            case ("GET", "/v1/admin/sync-tokens"): try .json(SyncTokensBody(syncTokens: [tokenBody]))
            case ("POST", "/v1/admin/sync-tokens"), ("POST", "/v1/admin/sync-tokens/a%20site%2F1/rotate"):
                try .json(IssuedSyncTokenBody(syncToken: tokenBody, secret: token))
            case ("DELETE", "/v1/admin/sync-tokens/a%20site%2F1"): try .json(tokenBody)
            case ("GET", "/v1/admin/trust"):
                try .json(
                    TrustStatus(deployment: DeploymentID(parsing: "a"), time: time, repositories: [], pins: [], trustedRoots: []))
            case ("GET", "/v1/admin/sync/reports"): try .json(SyncReportsBody(reports: []))
            default: .status(404, Array("\(request.method) \(request.target) \(plan)".utf8))
            }
        }
        try await withClient(script: script) { client, server in
            #expect(try await client.greeting() == "Livepatch 0.1.0")
            #expect(try await client.trust().repositories.isEmpty)
            #expect(try await client.information().version == "0.1.0")
            #expect(try await client.status() == ["database": ServiceStatusBody(status: "OK")])
            #expect(try await client.tiers().tiers.isEmpty)
            #expect(try await client.tierSnapshots().snapshots.isEmpty)
            #expect(try await client.history(limit: 20, before: 7).changes.isEmpty)
            #expect(server.requests.last?.target == "/v1/admin/changes?limit=20&before=7")
            #expect(try await client.patches(tier: edge).patches == [patch])
            #expect(server.requests.last?.target == "/v1/admin/patches?tier=edge&limit=1000")
            #expect(try await client.patch(version).patch == patch)
            #expect(try await client.storagePatches().heldBytes == 1)
            #expect(try await client.syncTokens().syncTokens == [tokenBody])
            #expect(try await client.addSyncToken(tier: edge, name: "site", validUntil: time).secret == token)
            let request = try DocumentCoding.decode(SyncTokenRequestBody.self, from: try #require(server.requests.last).body)
            #expect(request == SyncTokenRequestBody(tier: edge, name: "site", validUntil: time))
            #expect(try await client.rotateSyncToken("a site/1", overlap: .seconds(90)).secret == token)
            let rotation = try DocumentCoding.decode(SyncTokenRotateBody.self, from: try #require(server.requests.last).body)
            #expect(rotation.overlapSeconds == 90)
            try await client.revokeSyncToken("a site/1")
            #expect(server.requests.last?.method == "DELETE")
            #expect(try await client.syncReports(limit: 3).reports.isEmpty)
            #expect(server.requests.last?.target == "/v1/admin/sync/reports?limit=3")
            try await client.logout()
            #expect(server.requests.allSatisfy { $0.header("Authorization") == "Bearer session-1" })
            #expect(server.connections.accepted == 1)
        }
    }

    @Test func `sends a command with its wish for a plan only`() async throws {
        try await withClient(script: { _ in try .problem(LivepatchError(.tierInUse, "Tokens refer to edge.")) }) {
            client, server async throws in
            await expectError(.tierInUse) { _ = try await client.change(.removeTier(name: edge, force: false), dryRun: true) }
            let body = try #require(server.requests.first)
            #expect(body.header("Content-Type") == "application/json")
            #expect(
                try DocumentCoding.decode(ChangeRequestBody.self, from: body.body)
                    == ChangeRequestBody(command: .removeTier(name: edge, force: false), dryRun: true))
        }
    }
}

@Suite struct `What an administrator is told of a failure` {
    @Test func `the server's own words, code and suggestion`() async throws {
        let script: ScriptedServer.Script = { _ in
            try .problem(LivepatchError(.tierUnknown, "There is no tier 'egde'.", suggestion: "Did you mean 'edge'?"))
        }
        try await withClient(script: script) { client, _ async throws in
            let error = await expectError(.tierUnknown) { _ = try await client.tiers() }
            #expect(error?.description == "There is no tier 'egde'. Did you mean 'edge'?")
        }
    }

    @Test(arguments: [
        (401, LivepatchError.Code.loginRequired), (404, .notFound), (503, .unavailable), (429, .unavailable),
        (500, .serverUnreachable), (302, .serverUnreachable), (200, .serverUnreachable),
    ]) func `which URL was asked and what it answered, where the server has no words`(_ status: Int, _ code: LivepatchError.Code)
        async throws
    {
        let script: ScriptedServer.Script = { _ in
            .status(
                status, Array("<html>".utf8),
                headers: [("Content-Type", "text/html"), ("Location", "https://other.example.com/")])
        }
        try await withClient(script: script) { client, server async throws in
            let error = await expectError(code) { _ = try await client.tiers() }
            #expect(error?.message.contains("GET \(server.url)/v1/admin/tiers") == true)
            #expect(error?.suggestion != nil)
            if status == 302 { #expect(error?.message.contains("https://other.example.com") == true) }
        }
    }

    @Test func `what to do if nobody listens`() async throws {
        let server = try await ScriptedServer.start { _ in .ok([]) }
        await server.stop()
        let client = AdminClient(try ServerAddress(parsing: server.url))
        let error = await expectError(.serverUnreachable) { _ = try await client.tiers() }
        #expect(error?.message.contains("refused") == true)
        #expect(error?.suggestion?.contains("LIVEPATCH_URL") == true)
        await client.close()
    }

    @Test func `which certificate to name`() async throws {
        let server = try await ScriptedServer.start(tls: TestCertificate.server()) { _ in .ok([]) }
        let client = AdminClient(try ServerAddress(parsing: server.url))
        let error = await expectError(.serverUnreachable) { _ = try await client.tiers() }
        #expect(error?.suggestion?.contains("private authority") == true)
        await client.close()
        let trusting = AdminClient(
            try ServerAddress(parsing: server.url),
            options: ConnectionOptions(authorities: try TrustedAuthorities(TestCertificate.authority)))
        #expect(try await trusting.greeting() == "")
        await trusting.close()
        await server.stop()
    }
}

@Suite struct `Streams of events` {
    private static let progress = SyncProgress(started: time, filesToFetch: 3)
    private static let report = SyncReport(started: time, ended: time, result: .complete)

    @Test func `come line by line, as they are sent, and end with the outcome`() async throws {
        let gate = Gate()
        var answer = try ScriptedAnswer.lines([
            SyncEventBody.started(joined: true), .progress(Self.progress), .ended(Self.report),
        ])
        answer.steps.insert(.wait(gate), at: 2)
        // Half a line, an empty line, and the other half.
        answer.steps.insert(.bytes(Array("\n".utf8)), at: 1)
        let script = answer
        try await withClient(script: { _ in script }) { client, server async throws in
            let events = try await client.triggerSync(wait: true, acceptRemovals: true)
            var iterator = events.makeAsyncIterator()
            #expect(try await iterator.next() == .started(joined: true))
            #expect(try await iterator.next() == .progress(Self.progress))
            gate.open()
            #expect(try await iterator.next() == .ended(Self.report))
            #expect(try await iterator.next() == nil)
            let body = try DocumentCoding.decode(SyncTriggerBody.self, from: try #require(server.requests.first).body)
            #expect(body == SyncTriggerBody(wait: true, acceptRemovals: true))
        }
    }

    @Test func `without waiting there is one`() async throws {
        try await withClient(script: { _ in try .lines([SyncEventBody.started(joined: false)]) }) { client, _ async throws in
            var events: [SyncEventBody] = []
            for try await event in try await client.triggerSync(wait: false) { events.append(event) }
            #expect(events == [.started(joined: false)])
        }
    }

    @Test func `a problem in mid-stream is thrown`() async throws {
        let problem = Problem(LivepatchError(.storageDamaged, "The medium failed."))
        let script: ScriptedServer.Script = { _ in
            try .lines([StorageEventBody<StorageVerification>.progress(StorageProgress(done: 1, total: 2)), .problem(problem)])
        }
        try await withClient(script: script) { client, server async throws in
            var count = 0
            await expectError(.storageDamaged) {
                for try await _ in try await client.verifyStorage(repair: true) { count += 1 }
            }
            #expect(count == 1)
            #expect(server.requests.first?.path == Paths.storageVerify)
        }
    }

    @Test func `the other work on the storage has its own outcomes`() async throws {
        let script: ScriptedServer.Script = { request in
            request.path == Paths.storageRefresh
                ? try .lines([StorageEventBody.ended(StorageRefresh())])
                : try .lines([StorageEventBody.ended(StorageCollection(bytes: 7, dryRun: true))])
        }
        try await withClient(script: script) { client, server async throws in
            for try await event in try await client.refreshStorage() { #expect(event == .ended(StorageRefresh())) }
            for try await event in try await client.collectStorage(dryRun: true) {
                #expect(event == .ended(StorageCollection(bytes: 7, dryRun: true)))
            }
            #expect(server.requests.map(\.path) == [Paths.storageRefresh, Paths.storageCollect])
        }
    }

    @Test(arguments: [true, false]) func `an end without an outcome is an error`(_ inOrder: Bool) async throws {
        var answer = try ScriptedAnswer.lines([SyncEventBody.started(joined: false), .progress(Self.progress)])
        if !inOrder { answer.steps.append(.close) }
        let script = answer
        try await withClient(script: { _ in script }) { client, _ async throws in
            await expectError(.serverUnreachable) { for try await _ in try await client.triggerSync(wait: true) {} }
        }
    }

    @Test(arguments: ["{\"started\":", "hello", "{\"unknown\":{}}"]) func `a line that is none is an error`(_ line: String)
        async throws
    {
        try await withClient(script: { _ in .status(200, Array("\(line)\n".utf8)) }) { client, _ async throws in
            await expectError(.serverUnreachable) { for try await _ in try await client.triggerSync(wait: true) {} }
        }
    }
}

@Suite struct `Uploading a patch file` {
    private let answer: PatchImportBody

    init() throws {
        answer = PatchImportBody(
            file: try patchFile([1]), added: true, module: "livepatch_107", license: "GPL", vermagic: "5.15.0-107-generic")
    }

    private func withFile(_ bytes: [UInt8], _ body: (String) async throws -> Void) async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "upload-\(UUID()).tar.bz2").path
        try Data(bytes).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await body(path)
    }

    @Test func `sends the whole file with its length, its metadata and its progress`() async throws {
        let bytes = content(900_000)
        let progress = Recorder<[Int64]>()
        try await withFile(bytes) { path in
            try await withClient(script: { _ in try .json(answer) }) { client, server async throws in
                let imported = try await client.importPatch(
                    at: path, as: "livepatch-x+1.tar.bz2",
                    metadata: PatchMetadata(cves: ["CVE-2024-1086", "CVE-2024-2"], released: time)
                ) { progress.append([$0, $1]) }
                #expect(imported == answer)
                let request = try #require(server.requests.first)
                #expect(request.method == "PUT")
                #expect(
                    request.target
                        == "/v1/admin/patch-files/livepatch-x+1.tar.bz2?cve=CVE-2024-1086&cve=CVE-2024-2&released=2024-06-01T12%3A00%3A00Z"
                )
                #expect(request.header("Content-Length") == "900000")
                #expect(request.body == bytes)
                #expect(progress.values.first == [0, 900_000])
                #expect(progress.values.last == [900_000, 900_000])
                #expect(progress.values.map { $0[0] } == progress.values.map { $0[0] }.sorted())
            }
        }
    }

    @Test func `an empty file is sent too`() async throws {
        try await withFile([]) { path in
            try await withClient(script: { _ in try .problem(LivepatchError(.patchTruncated, "It is empty.")) }) {
                client, server async throws in
                await expectError(.patchTruncated) { _ = try await client.importPatch(at: path, as: "x") }
                #expect(server.requests.first?.header("Content-Length") == "0")
            }
        }
    }

    @Test func `a refusal before the end is the outcome, and ends the sending`() async throws {
        try await withFile([UInt8](repeating: 7, count: 20_000_000)) { path in
            try await withClient(
                readsBodies: false,
                // The line stays open: a reset that overtakes the answer would be another story.
                script: { _ in try .problem(LivepatchError(.importRefused, "Not here.")).stalled(after: 1_000_000) }
            ) { client, _ async throws in
                let sent = Recorder<Int64>()
                await expectError(.importRefused) {
                    _ = try await client.importPatch(at: path, as: "x") { count, _ in sent.append(count) }
                }
                #expect(sent.values.last ?? 0 < 20_000_000)
            }
        }
    }

    @Test func `a server that takes no more bytes is given up, and not before`() async throws {
        let options = ConnectionOptions(
            timeouts: ConnectionTimeouts(connect: .seconds(5), idle: .milliseconds(300), total: .seconds(20)))
        try await withFile([UInt8](repeating: 7, count: 20_000_000)) { path in
            try await withClient(
                readsBodies: false, options: options,
                script: { _ in
                    var answer = ScriptedAnswer(status: 200, steps: [.stall])
                    answer.rawHead = []
                    return answer
                }
            ) { client, _ async throws in
                let error = await expectError(.serverUnreachable) { _ = try await client.importPatch(at: path, as: "x") }
                #expect(error?.message.contains("300ms") == true)
            }
        }
    }

    @Test func `a file that cannot be read is named and nothing is sent`() async throws {
        try await withClient(script: { _ in .ok([]) }) { client, server async throws in
            let missing = await expectError(.notFound) { _ = try await client.importPatch(at: "/nonexistent/a", as: "a") }
            #expect(missing?.message.contains("/nonexistent/a") == true)
            await expectError(.storageUnavailable) { _ = try await client.importPatch(at: "/", as: "a") }
            #expect(server.requests.isEmpty)
        }
    }
}
