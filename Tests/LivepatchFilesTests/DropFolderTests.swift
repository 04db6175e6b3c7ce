import Foundation
import LivepatchFiles
import LivepatchKit
import Testing

@Suite struct DropFolderTests {
    let directory: TemporaryDirectory
    let folder: DropFolder

    init() throws {
        directory = try TemporaryDirectory()
        folder = try DropFolder(at: directory.file("incoming"))
    }

    @Test func `candidates are complete regular files, in order of name`() async throws {
        for name in ["b.tar.bz2", "a.tar.bz2", ".hidden", "c.tar.bz2.part", "d.tmp", "e~"] {
            try directory.write("incoming/\(name)", "12345")
        }
        try FileManager.default.createDirectory(atPath: directory.file("incoming/sub"), withIntermediateDirectories: false)
        try directory.write("secret", "outside")
        try FileManager.default.createSymbolicLink(
            atPath: directory.file("incoming/link.tar.bz2"), withDestinationPath: directory.file("secret"))
        let found = try await folder.candidates()
        #expect(found.map(\.name) == ["a.tar.bz2", "b.tar.bz2"])
        #expect(found.map(\.length) == [5, 5])
        #expect(abs(found[0].modified.timeIntervalSinceNow) < 600)
        await #expect(throws: LivepatchError.self) { try await folder.open("link.tar.bz2") }
    }

    @Test func `a candidate is read and removed`() async throws {
        try directory.write("incoming/a", "12345")
        let reader = try await folder.open("a")
        #expect(try reader.read(at: 1, count: 2) == Array("23".utf8))
        try await folder.remove("a")
        try await folder.remove("a")
        #expect(try await folder.candidates().isEmpty)
        let error = await #expect(throws: LivepatchError.self) { try await folder.open("a") }
        #expect(error?.code == .notFound)
    }

    @Test func `what is refused lies aside with the reason beside it`() async throws {
        try directory.write("incoming/a", "first")
        try await folder.refuse("a", reason: "It is not a patch.")
        #expect(try directory.names("incoming/refused") == ["a", "a.reason.txt"])
        #expect(try await folder.candidates().isEmpty)
        try directory.write("incoming/a", "second")
        try await folder.refuse("a", reason: "Nor is this.")
        #expect(try String(contentsOfFile: directory.file("incoming/refused/a.reason.txt"), encoding: .utf8) == "Nor is this.\n")
        #expect(try String(contentsOfFile: directory.file("incoming/refused/a"), encoding: .utf8) == "second")
        let error = await #expect(throws: LivepatchError.self) { try await folder.refuse("b", reason: "x") }
        #expect(error?.code == .notFound)
        #expect(try directory.names("incoming/refused") == ["a", "a.reason.txt"])
    }

    @Test(arguments: ["../secret", "", ".", "..", "refused/a", "/etc/passwd", "a\0b"])
    func `a name is never a way out of the folder`(name: String) async throws {
        for attempt in [
            { _ = try await folder.open(name) }, { try await folder.remove(name) }, { try await folder.refuse(name, reason: "") },
        ] as [() async throws -> Void] {
            let error = await #expect(throws: LivepatchError.self) { try await attempt() }
            #expect(error?.code == .malformedValue)
        }
    }
}
