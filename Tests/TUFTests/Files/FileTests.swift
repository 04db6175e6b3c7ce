import Foundation
import Testing

@testable import TUF

@Suite struct `Files` {
    @Test(arguments: ["write", "flush", "rename"]) func `keep their old content if a step of writing fails`(_ failing: String)
        async throws
    {
        let folder = try TemporaryFolder()
        try folder.write(Array("old".utf8), to: "timestamp.json")
        var calls = SystemCalls.system
        switch failing {
        case "write":
            calls.write = { _, _ in
                errno = ENOSPC
                return -1
            }
        case "flush":
            calls.flush = { _ in
                errno = ENOSPC
                return -1
            }
        default:
            calls.rename = { _, _ in
                errno = ENOSPC
                return -1
            }
        }
        let spoilt = calls
        await expectRefusal(.storage) { try SmallFile.write(Array("new".utf8), to: folder.file("timestamp.json"), calls: spoilt) }
        #expect(try folder.read("timestamp.json") == Array("old".utf8))
        #expect(try folder.names() == ["timestamp.json"])
    }

    @Test func `are on the medium before they have their names, and their names are then too`() throws {
        let folder = try TemporaryFolder()
        let steps = Steps()
        var calls = SystemCalls.system
        let system = calls
        calls.write = { descriptor, bytes in
            steps.add("write")
            // As little as a call may take.
            return system.write(descriptor, UnsafeRawBufferPointer(rebasing: bytes.prefix(2)))
        }
        calls.flush = { descriptor in
            steps.add("flush")
            return system.flush(descriptor)
        }
        calls.rename = { old, new in
            steps.add("rename")
            return system.rename(old, new)
        }
        try SmallFile.write(Array("abc".utf8), to: folder.file("x"), calls: calls)
        #expect(steps.all == ["write", "write", "flush", "rename", "flush"])
        #expect(try folder.read("x") == Array("abc".utf8))
    }

    @Test func `that are too long are as good as none`() throws {
        let folder = try TemporaryFolder()
        try folder.write([1, 2, 3], to: "x")
        #expect(try SmallFile.read(folder.file("x"), limit: 3) == [1, 2, 3])
        #expect(try SmallFile.read(folder.file("x"), limit: 2) == nil)
        #expect(try SmallFile.read(folder.file("y"), limit: 2) == nil)
    }

    @Test(arguments: [
        ("targets", "targets.json"), ("../a", "..%2Fa.json"), ("é", "%C3%A9.json"), ("a%2Fb", "a%252Fb.json"), ("", ".json"),
        ("~a-b_c.d", "~a-b_c.d.json"), ("\u{0}\n", "%00%0A.json"),
    ])
    func `are named so that they stay in their directory`(_ role: String, _ name: String) {
        #expect(FileName.encoded(role, suffix: ".json") == name)
    }

    @Test func `have names that file systems take, however long the role's is`() {
        let names = [String(repeating: "é", count: 100), String(repeating: "a", count: 251), String(repeating: "a", count: 5000)]
            .map { FileName.encoded($0, suffix: ".json") }
        #expect(names.allSatisfy { $0.utf8.count <= 255 && $0.hasPrefix("%sha256-") && $0.hasSuffix(".json") })
        #expect(Set(names).count == 3)
        #expect(FileName.encoded(String(repeating: "a", count: 250), suffix: ".json").utf8.count == 255)
        #expect(!["", ".", ".."].contains(FileName.encoded("..")))
    }

    @Test(arguments: [
        ("a%20b.json", "a b.json"), ("%C3%A9", "é"), ("100%25", "100%"), ("a%2", "a%2"), ("", ""), ("..%2Fa.json", "..%2Fa.json"),
        ("%FF", "%FF"), ("%00", "%00"), (".", "%2E"), ("..", "%2E."), ("%2e%2E", "%2e%2E"), ("a%252Fb", "a%252Fb"),
        ("a%25252Fb", "a%25252Fb"), ("%252E", "%252E"), ("a%2541", "a%41"),
    ])
    func `of a repository are those that a web server would find, where there is such a one`(_ part: String, _ name: String) {
        #expect(FileName.decoded(part) == name)
    }

    @Test func `of a repository have names that file systems take, however long the role's is`() {
        let (short, long) = (String(repeating: "%C3%A9", count: 127), String(repeating: "%C3%A9", count: 128))
        #expect(FileName.decoded(short) == String(repeating: "é", count: 127))
        let parts = [long, long + "x", String(repeating: "a", count: 5000), String(repeating: "%2F", count: 100), "%25sha256-0"]
        let names = parts.map { FileName.decoded($0) }
        #expect(names.allSatisfy { $0.utf8.count <= 255 && $0.hasPrefix("%sha256-") })
        #expect(Set(names).count == parts.count)
    }

    private final class Steps: @unchecked Sendable {
        private let lock = NSLock()
        private var steps: [String] = []

        var all: [String] { lock.withLock { steps } }

        func add(_ step: String) { lock.withLock { steps.append(step) } }
    }
}

@Suite struct `Paths in URLs` {
    @Test(arguments: [
        ("a/b.txt", "a/b.txt"), ("a b", "a%20b"), ("a?b#c", "a%3Fb%23c"), ("a%20b", "a%20b"), ("100%", "100%25"), ("é", "%C3%A9"),
        ("a%2", "a%252"), ("[x]", "%5Bx%5D"), ("a+b,c=d@e:f~!$&'()*;", "a+b,c=d@e:f~!$&'()*;"), ("", ""),
    ])
    func `are those of the targets, encoded where they must be`(_ path: String, _ encoded: String) {
        #expect(RepositoryFile.target(path, hash: nil).path == encoded)
    }

    @Test func `have version or hash before the last part`() {
        #expect(RepositoryFile.target("a/b/c.txt", hash: "ab").path == "a/b/ab.c.txt")
        #expect(RepositoryFile.target("c", hash: "ab").path == "ab.c")
        #expect(RepositoryFile.target("a/", hash: "ab").path == "a/ab.")
        #expect(RepositoryFile.metadata("a/b", version: 7).path == "7.a%2Fb.json")
        #expect(RepositoryFile.metadata("timestamp", version: nil).path == "timestamp.json")
    }
}
