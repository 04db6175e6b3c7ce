import Foundation
import LivepatchFiles
import LivepatchKit
import Testing

@Suite struct WebhookSecretTests {
    private let directory: TemporaryDirectory
    private let secrets: DirectoryWebhookSecrets
    private let secret: WebhookSecret

    init() throws {
        directory = try TemporaryDirectory()
        secrets = DirectoryWebhookSecrets(at: directory.file("keys/webhooks"))
        secret = try WebhookSecret(parsing: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    }

    @Test func `a secret is for its owner alone, and reads back`() async throws {
        try await secrets.keep(secret, as: "ab")
        #expect(try await secrets.secret("ab") == secret)
        #expect(try directory.mode("keys/webhooks/ab.secret") == 0o600)
        #expect(try directory.mode("keys/webhooks") == 0o700)
        #expect(try directory.mode("keys") == 0o700)
        #expect(try await secrets.secret("cd") == nil)
    }

    @Test func `secrets that nobody refers to are forgotten, and nothing else is touched`() async throws {
        try await secrets.forget(except: [])
        for name in ["ab", "cd"] { try await secrets.keep(secret, as: name) }
        let other = directory.file("keys/webhooks/README")
        try Data("by hand".utf8).write(to: URL(filePath: other))
        try await secrets.forget(except: ["cd", "ef"])
        #expect(try await secrets.secret("ab") == nil)
        #expect(try await secrets.secret("cd") == secret)
        #expect(FileManager.default.fileExists(atPath: other))
    }

    @Test func `a file that others may read, or that holds no secret, is refused`() async throws {
        try await secrets.keep(secret, as: "ab")
        let path = directory.file("keys/webhooks/ab.secret")
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        var error = await #expect(throws: LivepatchError.self) { try await secrets.secret("ab") }
        #expect(error?.code == .configurationInvalid)
        try Data("no secret".utf8).write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        error = await #expect(throws: LivepatchError.self) { try await secrets.secret("ab") }
        #expect(error?.code == .malformedValue)
    }
}
