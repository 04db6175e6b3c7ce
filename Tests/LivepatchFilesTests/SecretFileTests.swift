import Foundation
import LivepatchFiles
import LivepatchKit
import Testing

@Suite struct SecretFileTests {
    let directory: TemporaryDirectory
    let secret: SecretFile

    init() throws {
        directory = try TemporaryDirectory()
        secret = SecretFile(at: directory.file("token"))
    }

    @Test func `a secret is for its owner alone, and reads back`() throws {
        try secret.write("hunter2")
        #expect(try directory.mode("token") == 0o600)
        #expect(try secret.readText() == "hunter2")
        #expect(try secret.read() == Array("hunter2\n".utf8))
        #expect(try directory.names() == ["token"])
    }

    @Test func `an existing file is overwritten only when asked`() throws {
        try secret.write("first")
        let error = #expect(throws: LivepatchError.self) { try secret.write("second") }
        #expect(error?.code == .alreadyExists)
        #expect(try secret.readText() == "first")
        try secret.write("second", replacing: true)
        #expect(try secret.readText() == "second")
        #expect(try directory.names() == ["token"])
    }

    @Test func `no file is no secret`() throws {
        #expect(try secret.read() == nil)
        #expect(try secret.readText() == nil)
    }

    @Test(arguments: [0o640, 0o604, 0o620, 0o666])
    func `a file that others may use is refused with the way out`(mode: Int) throws {
        try secret.write("hunter2")
        chmod(secret.path, mode_t(mode))
        let error = #expect(throws: LivepatchError.self) { try secret.read() }
        #expect(error?.code == .configurationInvalid)
        #expect(error?.message.contains("0\(String(mode, radix: 8))") == true)
        #expect(error?.suggestion?.contains("chmod 600") == true)
        #expect(error.map { "\($0)".contains("hunter2") } == false)
    }

    @Test func `what is no secret is refused`() throws {
        try secret.write(Array(repeating: 0x61, count: 100))
        #expect(throws: LivepatchError.self) { try secret.read(limit: 99) }
        try secret.write([0xFF, 0xFE], replacing: true)
        #expect(throws: LivepatchError.self) { try secret.readText() }
        #expect(throws: LivepatchError.self) { try SecretFile(at: directory.path).read() }
        let error = #expect(throws: LivepatchError.self) { try SecretFile(at: directory.file("missing/token")).write("x") }
        #expect(error?.code == .storageUnavailable)
    }
}
