import Foundation
import LivepatchAPI
import LivepatchConsole
import LivepatchKit
import LivepatchLogging
import LivepatchService
import Logging
import Synchronization
import Testing

@testable import LivepatchConfiguration

@Suite("Secrets in log lines") struct RedactionTests {
    /// What a configuration may hold that nobody is to see.
    struct Case: CustomStringConvertible, Sendable {
        let key: String
        let value: String
        /// The parts that must not be seen.
        let secrets: [String]
        var more: [String] = []
        var description: String { key }
    }

    private static let hashes = [
        "$2y$10$abcdefghijklmnopqrstuv./ABCDEFGHIJKLMNOPQRSTUVWXYZ012",
        "$2y$10$zbcdefghijklmnopqrstuv./ABCDEFGHIJKLMNOPQRSTUVWXYZ012",
    ]

    /// Every key of the table that is secret, or whose URLs may hold credentials: a key that is new is thrown, too.
    static let cases: [Case] = ConfigurationCatalogue.availableKeys.compactMap { key in
        switch key.name {
        case "patch-sync.token":
            return Case(
                key: key.name, value: "7d0f3c7e-5f0a-4a77-9d0e-3b1f6f0f9a11", secrets: ["7d0f3c7e-5f0a-4a77-9d0e-3b1f6f0f9a11"])
        case "auth.basic.users":
            return Case(key: key.name, value: "alice:\(hashes[0]),bob:\(hashes[1])", secrets: hashes)
        case _ where key.isSecret:
            // With what is written otherwise in URLs and in JSON.
            let secret = "s3cret/\"of\"+\(key.name)&more~"
            return Case(key: key.name, value: secret, secrets: [secret])
        case _ where key.holdsURLs:
            return Case(
                key: key.name, value: "https://carol:pr0xy-passw0rd@proxy.example:3128", secrets: ["pr0xy-passw0rd"])
        default: return nil
        }
    }

    /// The configuration of a case; `nil` if the key takes no credentials in URLs.
    private func loaded(_ row: Case) throws -> LoadedConfiguration? {
        let settings = [
            "patch-sync.enabled": "true", "patch-sync.upstream-url": "https://up.example",
            "patch-sync.token": "9c2f3c7e-5f0a-4a77-9d0e-3b1f6f0f9a22", "patch-sync.proxy.enabled": "true",
            "patch-sync.proxy.https": "http://proxy.example:3128",
        ].merging([row.key: row.value]) { $1 }
        let result = Result { try ConfigurationSources(assignments: settings.map { "\($0.key)=\($0.value)" }).load() }
        if ConfigurationCatalogue.key(named: row.key)?.holdsURLs == true { return try? result.get() }
        return try result.get()
    }

    private struct Failure: Error, CustomStringConvertible { let description: String }
    private struct Described: CustomStringConvertible, Sendable { let description: String }

    private final class Written: Sendable {
        let text = Mutex("")
        func write(_ more: String) { text.withLock { $0 += more } }
    }

    /// How the programs write their lines.
    private enum Form: CaseIterable { case text, json, spoken }

    /// The lines that a use of a logger brings about.
    private func lines(_ redactor: SecretRedactor, _ form: Form, _ use: (inout Logger) -> Void) -> String {
        let written = Written()
        var logger = Logger(label: "x") { label in
            switch form {
            case .text, .json:
                RedactingLogHandler(
                    LineLogHandler(
                        label: label, form: form == .json ? .json : .text, level: LogLevelSwitch(.trace), write: written.write),
                    redactor)
            case .spoken: RedactingLogHandler(SpokenLog(logLevel: .trace, say: written.write), redactor)
            }
        }
        use(&logger)
        return written.text.withLock { $0 }
    }

    /// Whether a text holds another one, byte by byte, in whichever case: what follows changes nothing.
    private func holds(_ text: String, _ part: String) -> Bool {
        Data(text.lowercased().utf8).range(of: Data(part.lowercased().utf8)) != nil
    }

    /// Every way in which something comes into a line.
    private func uses(_ text: String) -> [(inout Logger) -> Void] {
        let error = LivepatchError(.internalFault, "m", suggestion: text, cause: Failure(description: text))
        return [
            { $0.info("\(text)") },
            { $0.error("It failed.", error: Failure(description: text)) },
            { $0.info("m", metadata: ["cause": "\(Failure(description: text))"]) },
            { $0.info("m", metadata: ["value": .stringConvertible(Described(description: text))]) },
            { $0.info("m", metadata: ["list": ["one", ["deep": ["\(text)", .dictionary(["deeper": "\(text)"])]]]]) },
            { $0.info("m", metadata: ["\(text)": "the name of a field"]) },
            {
                $0[metadataKey: "own"] = "\(text)"
                $0.info("m")
            },
            { $0.error("\(error)") },
            { $0.error("m", error: LivepatchError(.internalFault, text)) },
            { $0.error("\(Problem(error))") },
            { $0.error("\(ErrorLine(error).text)") },
        ]
    }

    @Test func `both proxies may hold a password, and are tried`() throws {
        let tried = try Self.cases.filter { try loaded($0) != nil }.map(\.key)
        #expect(Set(tried).isSuperset(of: ["patch-sync.proxy.http", "patch-sync.proxy.https", "server.metrics.token"]))
    }

    @Test(arguments: cases) func `no secret of the configuration is seen, wherever it is thrown in`(row: Case) throws {
        guard let configuration = try loaded(row) else { return }
        let redactor = SecretRedactor(configuration.server.secrets.map(\.revealed))
        for secret in row.secrets {
            let encoded = try #require(secret.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
            let json = String(decoding: try JSONEncoder().encode(secret), as: UTF8.self)
            let base64 = Data(secret.utf8).base64EncodedString()
            let capital = String(secret.map { $0.isASCII ? Character($0.uppercased()) : $0 })
            // What a longer text has of it in base64, whichever way the bytes fall.
            let within = ["u:\(secret)", "us:\(secret)!", "use:\(secret)?"].map { Data($0.utf8).base64EncodedString() }
            let texts =
                [
                    secret, "before\(secret)after", "\(secret)\u{301}", capital, "x \(base64) y",
                    "GET https://h/p?key=\(encoded)&x=1", "%25-encoded again: \(encoded.replacing("%", with: "%25"))",
                    "GET https://h/p?key=\(encoded.lowercased())&x=1",
                    "body: {\"a\":\(json)}",
                ] + within
            for text in texts {
                for form in Form.allCases {
                    for (number, use) in uses(text).enumerated() {
                        let line = lines(redactor, form, use)
                        let seen =
                            [secret, encoded, base64, String(json.dropFirst().dropLast())]
                            + within.map { String($0.dropFirst(8).dropLast(4)) }
                        for part in seen {
                            #expect(!holds(line, part), "\(number), \(form), of \(text)")
                        }
                        #expect(holds(line, SecretRedactor.marker), "\(number), \(form): \(line)")
                    }
                }
            }
        }
    }

    @Test func `the token that a file holds is known`() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "token-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: file) }
        try Data("7d0f3c7e-5f0a-4a77-9d0e-3b1f6f0f9a11\n".utf8).write(to: URL(filePath: file))
        let loaded = try ConfigurationSources(assignments: [
            "patch-sync.enabled=true", "patch-sync.upstream-url=https://up.example", "patch-sync.token-file=\(file)",
        ]).load()
        #expect(loaded.server.secrets.map(\.revealed).contains("7d0f3c7e-5f0a-4a77-9d0e-3b1f6f0f9a11"))
        #expect(!"\(loaded) \(loaded.server)".contains("7d0f3c7e"))
    }

    @Test(arguments: [
        "Authorization: Bearer 11111111-2222-4333-8444-555555555555", "authorization=Basic YWxpY2U6cGFzc3dvcmQ=",
        "bearer 11111111-2222-4333-8444-555555555555 was sent", "https://alice:password@host.example/path",
        "http://11111111-2222-4333-8444-555555555555@host", "hash $2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
        #"{"secret":"11111111-2222-4333-8444-555555555555"}"#, "machineToken=11111111-2222-4333-8444-555555555555",
        "ftp://a:p@ss@w0rd-1111@host/", "the sync token 11111111-2222-4333-8444-555555555555 was used",
        "auth token '11111111-2222-4333-8444-555555555555'", "tokens: 11111111222243338444555555555555",
        "whsec_YWxpY2U6cGFzc3dvcmQYWxpY2U6cGFzc3dvcmQ=", "a jwt eyJhbGciOiJub25lIn0.YWxpY2U6cGFzc3dvcmQ.abcdefghijklmnop",
        "-----BEGIN PRIVATE KEY-----\nYWxpY2U6cGFzc3dvcmQ\nabcdefghijk\n-----END PRIVATE KEY-----",
        "-----BEGIN EC PRIVATE KEY-----\\nYWxpY2U6cGFzc3dvcmQ abcdefghijk",
        "password: alice:11111111", "patch-storage.s3-secret-key=11111111",
    ])
    func `what looks like a credential is taken out, though nobody told of it`(text: String) {
        let shown = SecretRedactor().redacted(text)
        #expect(shown.contains(SecretRedactor.marker), "\(shown)")
        for part in ["11111111", "YWxpY2U6", "alice:", "password@", "abcdefghijk", "w0rd"] {
            #expect(!shown.contains(part), "\(shown)")
        }
    }

    @Test(arguments: [
        "The sync token 'site-1' was refused: expired.", "A bearer token is missing.", "Basic authentication is off.",
        "https://up.example/v1/sync/head → 200 in 12 ms", "deployment 6e3d8a58-4b82-4e19-bc7c-d664727c69c3",
        "sync-tokens add edge site", "trace 4bf92f3577b34da6a3ce929d0e0e4736", "mail to operator@example.com",
        "livepatch-5.15.0_1.1-generic-100.1-amd64.tar.bz2", "event synctoken_authn_failed:unknown",
        "-----BEGIN CERTIFICATE-----", "server.metrics.token and patch-sync.token wait for a restart",
        "Send the token that server.metrics.token holds as a bearer token.",
    ])
    func `what is none stays`(text: String) {
        #expect(SecretRedactor(["unrelated-secret"]).redacted(text) == text)
    }

    @Test func `fields that are named after secrets show nothing`() {
        let line = lines(SecretRedactor(), .json) {
            $0.info("m", metadata: ["Authorization": "anything", "password": ["x"], "private_key": "what"])
        }
        #expect(!line.contains("anything") && !line.contains("[\\\"x") && !line.contains("what"))
    }

    @Test func `a secret that is learnt later is taken out from then on, and those that overlap leave nothing`() {
        let redactor = SecretRedactor(["inner"])
        redactor.learn(["outer-inner-outer", "outer-tail", "abc"])
        #expect(redactor.redacted("outer-inner-outer") == SecretRedactor.marker)
        #expect(redactor.redacted("an outer-inner-outer-tail.") == "an \(SecretRedactor.marker).")
        #expect(redactor.redacted("abc") == "abc", "too short to be a secret")
    }
}
