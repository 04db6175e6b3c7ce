import ArgumentParser
import ConsoleRecording
import Foundation
import LivepatchKit
import Testing

@testable import livepatch_admin

@Suite struct SessionTests {
    private let address = "https://patches.example.com:8443"

    @Test func `A login is kept for its server alone, in a file for its owner alone`() async throws {
        try await withTemporaryDirectory { directory in
            let sessions = SessionStore(directory: directory + "/a/b")
            let server = AnsweringServer()
            let run = try await Invocation.run(
                "login", "-a", "admin:pass:word", server: server, sessions: sessions, address: address)
            #expect(server.asked == ["login admin pass:word"])
            #expect(run.output == "")
            #expect(!run.errorOutput.contains("pass:word"))
            #expect(try sessions.session(for: address, now: RecordedConsole.now)?.token == "session-token")
            #expect(try sessions.session(for: "https://other.example.com", now: RecordedConsole.now) == nil)
            #expect(try sessions.session(for: address, now: RecordedConsole.now + 864_001) == nil)
            let path = sessions.path(of: address)
            #expect(path.hasSuffix("/https_patches.example.com_8443.json"))
            for (path, mode) in [(path, 0o600), (sessions.directory, 0o700)] {
                let found = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber
                #expect(found?.intValue == mode)
            }
        }
    }

    @Test func `A session file that others may read is refused`() async throws {
        try await withTemporaryDirectory { directory in
            let sessions = SessionStore(directory: directory)
            _ = try await Invocation.run("login", "-a", "admin:x", sessions: sessions, address: address)
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: sessions.path(of: address))
            #expect { try sessions.session(for: address, now: RecordedConsole.now) } throws: {
                ($0 as? LivepatchError)?.suggestion?.contains("chmod 600") == true
            }
        }
    }

    @Test func `A file that names another server is no session for this one`() async throws {
        try await withTemporaryDirectory { directory in
            let sessions = SessionStore(directory: directory)
            _ = try await Invocation.run("login", "-a", "admin:x", sessions: sessions, address: "https://a.example/x_y")
            #expect(sessions.path(of: "https://a.example/x_y") == sessions.path(of: "https://a.example/x/y"))
            #expect(try sessions.session(for: "https://a.example/x/y", now: RecordedConsole.now) == nil)
        }
    }

    @Test func `Logout forgets the session even if the server cannot be told`() async throws {
        try await withTemporaryDirectory { directory in
            let sessions = SessionStore(directory: directory)
            _ = try await Invocation.run("login", "-a", "admin:x", sessions: sessions, address: address)
            let server = AnsweringServer { $0.failure = LivepatchError(.serverUnreachable, "It is away.") }
            let run = try await Invocation.run("logout", server: server, sessions: sessions, address: address)
            #expect(run.status == 69)
            #expect(try sessions.session(for: address, now: RecordedConsole.now) == nil)
            let again = try await Invocation.run("logout", server: server, sessions: sessions, address: address)
            #expect(again.status == 0)
            #expect(server.asked == ["logout"])
        }
    }

    @Test(
        arguments: [
            ("http://localhost:8080", false), ("http://127.0.0.1", false), ("http://127.8.9.1:1", false),
            ("http://[::1]:8080", false),
            ("https://patches.example.com", false), ("http://patches.example.com", true), ("http://10.0.0.1:8080", true),
            ("http://127.evil.example", true), ("http://localhost.example.com", true),
        ] as [(String, Bool)])
    func `Passwords in the clear are warned of, except on this machine`(url: String, warned: Bool) async throws {
        #expect(ClearText.isUsed(by: url) == warned)
        try await withTemporaryDirectory { directory in
            let run = try await Invocation.run(
                "login", "-a", "admin:x", sessions: SessionStore(directory: directory), address: url)
            #expect(run.errorOutput.contains("unencrypted") == warned)
        }
    }

    @Test(arguments: [
        ["login", "-a", ":x"], ["login", "-a", ""], ["login", "--password-stdin"], ["login", "-a", "a:b", "--password-stdin"],
        ["login", "--password", "x"],
    ]) func `Confused ways to log in are refused`(arguments: [String]) {
        #expect(throws: (any Error).self) { try LivepatchAdmin.parseAsRoot(arguments) }
    }

    @Test func `Sessions are kept where XDG says, or in .config`() throws {
        #expect(try SessionStore(environment: ["XDG_CONFIG_HOME": "/x", "HOME": "/h"]).directory == "/x/livepatch/sessions")
        #expect(
            try SessionStore(environment: ["XDG_CONFIG_HOME": "x", "HOME": "/h"]).directory == "/h/.config/livepatch/sessions")
        #expect(throws: LivepatchError.self) { try SessionStore(environment: [:]) }
    }

    @Test func `Logins are listed and ended as asked`() async throws {
        let server = AnsweringServer()
        let list = try await Invocation.run("sessions", "list", server: server)
        #expect(list.output.contains("192.0.2.7") && list.output.contains("admin"))
        #expect(try await Invocation.run("sessions", "list", "--all", "--quiet", server: server).output.count == 13)
        _ = try await Invocation.run("sessions", "list", "--user", "deploy", server: server)
        _ = try await Invocation.run("sessions", "revoke", "1f3a", "2b4c", server: server)
        _ = try await Invocation.run("sessions", "revoke", "--user", "deploy", server: server)
        _ = try await Invocation.run("sessions", "revoke", "--all", server: server)
        #expect(
            server.asked == [
                "sessions of mine", "sessions of everybody", "sessions deploy", "end sessions 1f3a 2b4c", "end sessions deploy",
                "end sessions of everybody",
            ])
    }

    @Test(arguments: [
        ["revoke"], ["revoke", "1f3a", "--all"], ["revoke", "--user", "a", "--all"], ["list", "--user", "a", "--all"],
    ])
    func `It has to be clear which logins are meant`(arguments: [String]) {
        #expect(throws: (any Error).self) { try LivepatchAdmin.parseAsRoot(["sessions"] + arguments) }
    }

    @Test func `A login and the status say the role`() async throws {
        try await withTemporaryDirectory { directory in
            let login = try await Invocation.run("login", "-a", "admin:x", sessions: SessionStore(directory: directory))
            #expect(login.errorOutput.contains("as admin (role operate)"))
            #expect(try await Invocation.run("status").output.contains("as admin (role operate)"))
        }
    }

    @Test func `A bearer token comes from the option's file, then the environment, and is never quoted`() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/token"
            try Data("aa.bb.cc\n".utf8).write(to: URL(filePath: path))
            #expect(try BearerText(file: path, ["LIVEPATCH_BEARER": "dd.ee.ff"])?.text == "aa.bb.cc")
            #expect(try BearerText(file: nil, ["LIVEPATCH_BEARER": "dd.ee.ff"])?.text == "dd.ee.ff")
            #expect(try BearerText(file: nil, ["LIVEPATCH_BEARER": ""]) == nil)
            for text in ["secret", "a.b", "a.b.c.d", "a..c", "a.b.c d"] {
                let error = #expect(throws: LivepatchError.self) { try BearerText(file: nil, ["LIVEPATCH_BEARER": text]) }
                #expect(error?.description.contains(text) == false)
            }
            #expect(throws: LivepatchError.self) { try BearerText(file: directory + "/missing", [:]) }
        }
    }

    @Test func `The URL comes from the option, then the environment, then the default`() throws {
        func url(_ arguments: String..., environment: [String: String]) throws -> String? {
            (try LivepatchAdmin.parseAsRoot(["status"] + arguments) as? Status)?.server.url(environment)
        }
        #expect(try url("--url", "http://a", environment: ["LIVEPATCH_URL": "http://b"]) == "http://a")
        #expect(try url(environment: ["LIVEPATCH_URL": "http://b"]) == "http://b")
        #expect(try url(environment: ["LIVEPATCH_URL": ""]) == "http://localhost:8080")
    }
}
