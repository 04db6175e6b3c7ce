import Foundation
import Processes
import Testing

@Suite("livepatch-server", .serialized) struct ServerCommandTests {
    @Test("without users creates an administrator, and prints the password once")
    func firstStart() async throws {
        try await Surroundings.with { here in
            let process = try here.start(.server, here.serverArguments("data"))
            var port = 0
            try await eventually("it is ready: \(process.output.text)\(process.errors.text)") {
                port = process.output.text.firstMatch(of: /ready on http:\/\/127\.0\.0\.1:([0-9]+)/).flatMap { Int($0.1) } ?? 0
                return port != 0
            }
            let match = try #require(process.output.text.firstMatch(of: /with the password (\S+)/))
            let password = String(match.1)
            let url = ["LIVEPATCH_URL": "http://127.0.0.1:\(port)"]
            let login = try await here.run(.admin, ["login", "--auth", "admin:\(password)"], environment: url)
            #expect(login.status == 0, "\(login)")
            for path in ["/", "/debug/info", "/debug/status"] {
                let answer = try await ask(port, "GET", path)
                #expect(answer.status == 200, "\(path): \(answer.text)")
            }
            #expect(try await ask(port, "GET", "/").text.contains("livepatch"))
            process.signal(SIGTERM)
            #expect(try await process.end() == .exited(0))
            let again = try here.start(.server, here.serverArguments("data"))
            try await eventually("it is ready again") { again.output.text.contains("ready on") }
            #expect(!again.output.text.contains("password"), "the password is printed once")
        }
    }

    @Test("with --no-input and no users makes nobody, and says so")
    func noInput() async throws {
        try await Surroundings.with { here in
            let process = try here.start(.server, here.serverArguments("data") + ["--no-input"])
            try await eventually("it has ended or is ready\n\(process.output.text)\(process.errors.text)") {
                process.ending != nil || process.output.text.contains("ready on")
            }
            #expect(!process.output.text.contains("password"))
            if let ending = process.ending {
                try await process.end()
                #expect(ending == .exited(78) && process.errors.text.contains("auth.basic.users"), "\(process.errors.text)")
            }
        }
    }

    @Test("--check-config prints what is in force and where it came from, and every mistake with the nearest key")
    func checkConfig() async throws {
        try await Surroundings.with { here in
            let file = try here.file(
                "server.yaml", "server:\n  log-level: debug\npatch-sync:\n  interval: 10m\n")
            let good = try await here.run(
                .server, ["--config", file, "--data-dir", "d", "--set", "patch-sync.interval=5m", "--check-config"],
                environment: ["LP_SERVER_LOG_LEVEL": "error"])
            #expect(good.status == 0, "\(good)")
            #expect(good.output.contains(/server\.log-level.*error.*LP_SERVER_LOG_LEVEL/), "\(good)")
            #expect(good.output.contains(/patch-sync\.interval.*5m.*--set/), "\(good)")
            #expect(!FileManager.default.fileExists(atPath: here.path("d")), "checking makes nothing")

            let wrong = try await here.run(
                .server,
                ["--check-config", "--set", "patch-sync.intervall=5m", "--set", "server.log-level=loud", "--set", "nonsense"])
            #expect(wrong.status == 78 || wrong.status == 64, "\(wrong)")
            #expect(wrong.errors.contains("patch-sync.interval") && wrong.errors.contains("patch-sync.intervall"), "\(wrong)")
            #expect(wrong.errors.contains("loud"), "\(wrong)")
            let environment = try await here.run(.server, ["--check-config"], environment: ["LP_PATCH_SYNC_TOKENN": "x"])
            #expect(environment.status == 78 && environment.errors.contains("LP_PATCH_SYNC_TOKEN"), "\(environment)")
            let started = try await here.run(.server, here.serverArguments("d", ["server.log-level": "loud"]))
            #expect(started.status == 78, "\(started)")
        }
    }

    @Test("refuses a data directory that another server uses, and a port that is taken")
    func conflicts() async throws {
        try await Surroundings.with { here in
            let server = try await here.server("data")
            let second = try await here.run(.server, here.serverArguments("data"), environment: here.serverEnvironment())
            #expect(second.status == 75 && second.errors.contains(here.path("data")), "\(second)")
            let taken = try await here.run(
                .server, here.serverArguments("other", ["server.server-address": "127.0.0.1:\(server.port)"]),
                environment: here.serverEnvironment())
            #expect(taken.status != 0 && taken.errors.contains("\(server.port)"), "\(taken)")
            #expect(!taken.errors.contains("\n\n"), "one line says it: \(taken)")
            try await server.administrator()("tier list")
        }
    }

    @Test("takes up the log level and the users on SIGHUP, and stays as it is when the file is broken")
    func reload() async throws {
        try await Surroundings.with { here in
            // "correct horse", and another user with the same password.
            let hash = "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"
            func text(_ user: String, _ level: String) -> String {
                "server:\n  log-level: \(level)\nauth:\n  basic:\n    users: '\(user):\(hash)'\n"
            }
            let file = try here.file("server.yaml", text("first", "error"))
            let process = try here.start(.server, here.serverArguments("data") + ["--config", file])
            var port = 0
            try await eventually("it is ready: \(process.errors.text)") {
                port = process.output.text.firstMatch(of: /ready on http:\/\/127\.0\.0\.1:([0-9]+)/).flatMap { Int($0.1) } ?? 0
                return port != 0
            }
            func status(_ user: String) async throws -> Int {
                let credentials = Data("\(user):correct horse".utf8).base64EncodedString()
                return try await ask(port, "POST", "/v1/admin/login", ["Authorization": "Basic \(credentials)"]).status
            }
            #expect(try await status("first") == 200)
            #expect(try await status("second") == 401)
            try here.file("server.yaml", text("second", "debug"))
            process.signal(SIGHUP)
            try await eventually("the new user is known") { try await status("second") == 200 }
            #expect(try await status("first") == 401)
            try here.file("server.yaml", "server:\n  log-level: loud\n")
            process.signal(SIGHUP)
            try await eventually("it is complained about") { process.errors.text.contains("loud") }
            #expect(try await status("second") == 200)
            process.signal(SIGTERM)
            #expect(try await process.end() == .exited(0))
        }
    }

    @Test("finishes a transfer under way after SIGTERM, and gives one up that takes longer than the deadline")
    func graceful() async throws {
        try await Surroundings.with { here in
            var data = 0
            for (deadline, finishes) in [("20s", true), ("20s", true), ("300ms", false)] {
                data += 1
                let server = try await here.server("data-\(data)", ["server.shutdown-deadline": deadline])
                let administrator = try await server.administrator()
                try await administrator.importPatches("--versions 100.1 --kernels 1 --size 8M")
                let name = try #require(try await names(administrator, "100.1").first)
                let token = try await administrator.token("edge", "slow")
                let connection = try RawConnection(port: server.port, buffer: 64 << 10)
                try connection.send(
                    "GET /v1/patches/\(name) HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(token)\r\nConnection: close\r\n\r\n")
                var received = try connection.receive(4096)
                let head = String(decoding: received, as: UTF8.self)
                let length = try #require(head.firstMatch(of: /(?i)content-length: ([0-9]+)/).flatMap { Int($0.1) })
                server.process.signal(SIGTERM)
                try await eventually("no new connections are taken") { (try? RawConnection(port: server.port)) == nil }
                if finishes {
                    #expect(server.process.ending == nil, "it waits for the transfer")
                    received += try connection.receiveAll()
                    let headLength = try #require(received.firstRange(of: Array("\r\n\r\n".utf8))).upperBound
                    #expect(received.count - headLength == length)
                    #expect(try await server.process.end() == .exited(0))
                } else {
                    #expect(try await server.process.end(within: .seconds(10)) == .exited(0))
                }
            }
        }
    }

    @Test("serves files with entity tags, ranges and HEAD, and redirects where it is told to")
    func files() async throws {
        try await Surroundings.with { here in
            let server = try await here.server("data")
            let administrator = try await server.administrator()
            try await administrator.importPatches("--versions 100.1 --kernels 1")
            let path = "/v1/patches/\(try #require(try await names(administrator, "100.1").first))"
            let token = try await administrator.token("edge", "test")
            let bearer = ["Authorization": "Bearer \(token)"]
            let whole = try await ask(server.port, "GET", path, bearer)
            #expect(whole.status == 200 && whole.header("content-length") == "\(whole.body.count)")
            let tag = try #require(whole.header("etag"))
            #expect(try await ask(server.port, "GET", path, bearer.merging(["If-None-Match": tag]) { $1 }).status == 304)
            let head = try await ask(server.port, "HEAD", path, bearer)
            #expect(head.status == 200 && head.body.isEmpty && head.header("content-length") == "\(whole.body.count)")
            let part = try await ask(server.port, "GET", path, bearer.merging(["Range": "bytes=100-"]) { $1 })
            #expect(part.status == 206 && part.body == Array(whole.body[100...]))
            let last = try await ask(server.port, "GET", path, bearer.merging(["Range": "bytes=-10"]) { $1 })
            #expect(last.status == 206 && last.body == Array(whole.body.suffix(10)))
            let beyond = try await ask(server.port, "GET", path, bearer.merging(["Range": "bytes=99999999-"]) { $1 })
            #expect(beyond.status == 416)
            #expect(try await ask(server.port, "GET", path).status == 401)
            try await server.stop()

            let redirecting = try await here.server(
                "data", ["server.url-template": "https://mirror.example.com/p/{filename}", "server.redirect-downloads": "true"])
            let answer = try await ask(redirecting.port, "GET", path, bearer)
            #expect(answer.status == 302)
            #expect(answer.header("location")?.hasPrefix("https://mirror.example.com/p/livepatch-") == true)
        }
    }
}
