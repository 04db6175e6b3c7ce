import Foundation
import LivepatchFiles
import LivepatchKit
import TUF
import Testing

@Suite struct TrustKeyFileTests {
    private func withDirectory(_ body: (String) throws -> Void) throws {
        let path = NSTemporaryDirectory() + "livepatch-keys-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    private func mode(_ path: String) throws -> Int? {
        (try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber)?.intValue
    }

    private func code(_ body: () throws -> Void) -> LivepatchError.Code? {
        do {
            try body()
            return nil
        } catch {
            return (error as? LivepatchError)?.code
        }
    }

    @Test func `a key has a private file for its owner, and a public one for all`() throws {
        try withDirectory { directory in
            let file = TrustKeyFile(at: "\(directory)/anna.key")
            let key = try file.generate()
            #expect(try mode(file.path) == 0o600)
            #expect(try mode(file.publicPath) == 0o644)
            #expect(try file.key().keyID == key.id)
            #expect(try TrustKeyFile.publicKey(at: file.publicPath) == key)
            let secret = try String(contentsOfFile: file.path, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
            #expect(Data(base64Encoded: secret)?.count == 32)
            let shared = try String(contentsOfFile: file.publicPath, encoding: .utf8)
            #expect(!shared.contains(secret) && shared == "\(key)\n")
        }
    }

    @Test func `neither file is overwritten, and none is left alone`() throws {
        try withDirectory { directory in
            let file = TrustKeyFile(at: "\(directory)/anna.key")
            try Data().write(to: URL(filePath: file.path))
            #expect(code { _ = try file.generate() } == .alreadyExists)
            #expect(!FileManager.default.fileExists(atPath: file.publicPath))
            try FileManager.default.removeItem(atPath: file.path)
            let key = try file.generate()
            #expect(code { _ = try file.generate() } == .alreadyExists)
            #expect(try file.key().keyID == key.id)
            try FileManager.default.removeItem(atPath: file.path)
            #expect(code { _ = try file.generate() } == .alreadyExists)
            #expect(try TrustKeyFile.publicKey(at: file.publicPath) == key)
        }
    }

    @Test func `what is not there or no key is named`() throws {
        try withDirectory { directory in
            let file = TrustKeyFile(at: "\(directory)/anna.key")
            #expect(code { _ = try file.key() } == .notFound)
            #expect(code { _ = try TrustKeyFile.publicKey(at: file.publicPath) } == .notFound)
            _ = try file.generate()
            #expect(code { _ = try TrustKeyFile.publicKey(at: file.path) } == .malformedValue)
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file.path)
            #expect(code { _ = try file.key() } == .configurationInvalid)
        }
    }
}
