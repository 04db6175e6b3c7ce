import FoundationEssentials
import LivepatchConfiguration
import LivepatchKit
import Testing

struct SecretTests {
    private let secrets = ["S3CR3T", aToken, aHash]

    private func expectNoSecret(in text: String) {
        for secret in secrets { #expect(!text.contains(secret), "\(secret) is shown in: \(text)") }
    }

    private func everything(of loaded: LoadedConfiguration) -> String {
        var text = "\(loaded) \(String(reflecting: loaded)) \(loaded.server) \(String(reflecting: loaded.server))"
        text += "\(loaded.effective) \(loaded.notes) \(String(reflecting: loaded.effective))"
        dump(loaded, to: &text)
        return text
    }

    @Test func `nothing that prints a configuration prints a secret`() throws {
        try withDirectory { directory in
            let file = try write(aToken, to: directory + "/token", permissions: 0o644)
            let yaml = """
                auth.basic.users: ["ann:\(aHash)"]
                patch-sync:
                  enabled: true
                  upstream-url: http://upstream.example
                  proxy: { enabled: true, http: "http://user:S3CR3T@proxy:3128", https: "http://S3CR3T@proxy:3128" }
                """
            for token in ["patch-sync.token=\(aToken)", "patch-sync.token-file=\(file)"] {
                let loaded = try load(set: token, yaml: yaml)
                #expect(loaded.server.sync.token?.revealed == aToken)
                #expect(loaded.server.authentication.users == [Account(user: "ann", passwordHash: aHash)])
                #expect(loaded.server.sync.proxy?.http?.password() == "S3CR3T")
                expectNoSecret(in: everything(of: loaded))
                #expect(loaded.effective.description.contains("***REDACTED***@proxy:3128"))
            }
        }
    }

    @Test(arguments: [
        "patch-sync.token=S3CR3T", "patch-sync.token=\(aToken)0", "auth.basic.users=S3CR3T", "auth.basic.users=ann:S3CR3T",
        "auth.basic.users=ann:\(aHash),bob:S3CR3T", "auth.basic.users=ann:\(aHash)S3CR3T", "S3CR3T",
        "patch-sync.proxy.http=user:S3CR3T@proxy:3128", "patch-sync.proxy.https=ftp://user:S3CR3T@proxy",
        "patch-sync.upstream-url=https://user:S3CR3T@a,https://user:S3CR3T@b",
        "server.url-template=https://user:S3CR3T@a/files", "patch-storage.s3-secret-key=S3CR3T",
        "database.connection-string=postgres://user:S3CR3T@db", "patch-sync.tokn=S3CR3T",
    ])
    func `no error shows a secret, whatever is wrong with it`(assignment: String) throws {
        let error = try #require(throws: LivepatchError.self) { try load([assignment]) }
        expectNoSecret(in: "\(error) \(error.message) \(String(reflecting: error)) \(error.configurationProblems)")
        var text = ""
        dump(error, to: &text)
        expectNoSecret(in: text)
    }

    @Test(arguments: [
        "patch-sync:\n  token: \"S3CR3T\n", "patch-sync: {token: S3CR3T\n", "patch-sync:\n  token: S3CR3T\n  token: S3CR3T\n",
        "patch-sync:\n  token: S3CR3T\n\ttab: 1\n", "patch-sync.token: [S3CR3T]\n", "patch-sync:\n  token: {S3CR3T: 1}\n",
        "S3CR3T", "- S3CR3T\n", "patch-sync.token: S3CR3T\npatch-sync: {token: S3CR3T}\n", "patch-sync: S3CR3T",
        "patch-sync.token: *S3CR3T\n", "auth.basic.users: [{ann: S3CR3T}]",
    ])
    func `no mistake in a file shows the values next to it`(yaml: String) throws {
        let error = try #require(throws: LivepatchError.self) { try load(yaml: yaml) }
        // A secret in a key's place is a name, and is shown as the name of the unknown key.
        guard !yaml.contains("{S3CR3T") else { return }
        expectNoSecret(in: "\(error) \(String(reflecting: error))")
    }

    @Test func `a token file that holds no token is refused without quoting it`() throws {
        try withDirectory { directory in
            let file = try write("S3CR3T\n", to: directory + "/token")
            let found = problems(set: "patch-sync.token-file=\(file)")
            #expect(found.map(\.kind) == [.malformedValue])
            expectNoSecret(in: "\(found)")
        }
    }

    @Test func `files with secrets that everybody can read are noted`() throws {
        try withDirectory { directory in
            let open = try write("\(aToken)\n", to: directory + "/open", permissions: 0o644)
            let closed = try write("\(aToken)\n", to: directory + "/closed")
            #expect(try load(set: "patch-sync.token-file=\(open)").notes.count == 1)
            #expect(try load(set: "patch-sync.token-file=\(closed)").notes.isEmpty)
            let yaml = try write("patch-sync.token: \(aToken)\n", to: directory + "/open.yaml", permissions: 0o644)
            #expect(try ConfigurationSources(file: yaml).load().notes.count == 1)
        }
    }

    @Test func `a value cannot write to the reader's terminal`() throws {
        let problem = try #require(problems(set: "server.log-level=\u{1B}[31mred").first)
        #expect(!problem.message.contains("\u{1B}"))
        let unknown = try #require(problems(set: "\u{1B}[2J=1").first)
        #expect(!"\(unknown)".contains("\u{1B}"))
    }
}
