import Foundation
import LivepatchConsole
import LivepatchKit
import Testing

@Suite struct PrivateFileTests {
    private func withDirectory(_ body: (String) throws -> Void) throws {
        let path = NSTemporaryDirectory() + "private-file-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    private func mode(_ path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return try #require((attributes[.posixPermissions] as? NSNumber)?.intValue)
    }

    @Test func `The file is for its owner alone and reads back`() throws {
        try withDirectory { directory in
            let path = directory + "/token"
            try PrivateFile(path: path, replacing: false).finish("secret\n")
            #expect(try mode(path) == 0o600)
            #expect(try PrivateFile.read(path) == Array("secret\n".utf8))
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["token"])
        }
    }

    @Test func `A file that is there is not replaced unless that is asked for`() throws {
        try withDirectory { directory in
            let path = directory + "/token"
            try PrivateFile(path: path, replacing: false).finish("old")
            #expect { try PrivateFile(path: path, replacing: false) } throws: { ($0 as? LivepatchError)?.code == .alreadyExists }
            #expect(try PrivateFile.read(path) == Array("old".utf8))
            try PrivateFile(path: path, replacing: true).finish("new")
            #expect(try PrivateFile.read(path) == Array("new".utf8))
        }
    }

    @Test func `A file that appears meanwhile is not replaced either, and nothing is left over`() throws {
        try withDirectory { directory in
            let path = directory + "/token"
            let file = try PrivateFile(path: path, replacing: false)
            try PrivateFile(path: path, replacing: false).finish("theirs")
            #expect { try file.finish("mine") } throws: { ($0 as? LivepatchError)?.code == .alreadyExists }
            #expect(try PrivateFile.read(path) == Array("theirs".utf8))
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["token"])
        }
    }

    @Test func `Discarding leaves nothing`() throws {
        try withDirectory { directory in
            try PrivateFile(path: directory + "/token", replacing: false).discard()
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == [])
        }
    }

    @Test(arguments: [0o640, 0o604, 0o644, 0o660]) func `A file that others may read is not used`(mode: Int) throws {
        try withDirectory { directory in
            let path = directory + "/token"
            try PrivateFile(path: path, replacing: false).finish("secret")
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
            #expect { try PrivateFile.read(path) } throws: { ($0 as? LivepatchError)?.suggestion?.contains("chmod 600") == true }
        }
    }

    @Test func `A symbolic link is not followed, and what is missing is none`() throws {
        try withDirectory { directory in
            #expect(try PrivateFile.read(directory + "/none") == nil)
            try PrivateFile(path: directory + "/token", replacing: false).finish("secret")
            try FileManager.default.createSymbolicLink(atPath: directory + "/link", withDestinationPath: directory + "/token")
            #expect(throws: LivepatchError.self) { try PrivateFile.read(directory + "/link") }
        }
    }

    @Test func `A directory that is missing is named before any secret is made`() {
        #expect { try PrivateFile(path: "/nonexistent/token", replacing: false) } throws: {
            ($0 as? LivepatchError)?.message.contains("/nonexistent/token") == true
        }
    }
}
