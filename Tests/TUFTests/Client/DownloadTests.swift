import TUF
import Testing

@Suite struct `A download` {
    @Test func `puts a file in its place only when all of it is right`() async throws {
        let test = try await TestRepository()
        try await test.add("a/tool", "content 1")
        let folder = try TemporaryFolder()
        var updater = test.updater()
        let first = try #require(try await updater.target("a/tool"))
        #expect(try !updater.isCurrent(folder.file("tool"), first))
        try await updater.download(first, to: folder.file("tool"))
        #expect(try folder.read("tool") == Array("content 1".utf8))
        #expect(try updater.isCurrent(folder.file("tool"), first))

        try await test.add("a/tool", "content 2")
        updater = test.updater()
        let second = try #require(try await updater.target("a/tool"))
        #expect(try !updater.isCurrent(folder.file("tool"), second))
        for (content, code) in [
            ("content 3", .hashMismatch), ("content", .lengthMismatch), ("content 2 and more", .tooLong), ("", .lengthMismatch),
        ] as [(String, TUFError.Code)] {
            test.fetcher.spoil { file, receiver in
                guard file.area == .targets else { return nil }
                for byte in content.utf8 { try receiver.receive([byte]) }
                return true
            }
            await expectRefusal(code) { try await updater.download(second, to: folder.file("tool")) }
            #expect(try folder.read("tool") == Array("content 1".utf8))
        }
        test.fetcher.spoil { file, _ in file.area == .targets ? false : nil }
        await expectRefusal(.unavailable) { try await updater.download(second, to: folder.file("tool")) }
        #expect(try folder.names() == ["tool"])
        test.fetcher.spoil(nil)
        try await updater.download(second, to: folder.file("tool"))
        #expect(try folder.read("tool") == Array("content 2".utf8))
    }

    @Test(arguments: [["sha256"], ["sha512"], ["sha384"], ["sha256", "sha512"], ["sha256", "unknown"]])
    func `goes by whichever known hash there is`(_ algorithms: [String]) async throws {
        let digests = [
            "sha256": "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73",
            "sha384":
                "5406ebea1618e9b73a7290c5d716f0b47b4f1fbc5d8c5e78c9010a3e01c18d8594aa942e3536f7e01574245d34647523",
            "sha512":
                "b2d1d285b5199c85f988d03649c37e44fd3dde01e5d69c50fef90651962f4811"
                + "0e9340b60d49a479c4c0b53f5f07d690686dd87d2481937a512e8b85ee7c617f",
            "unknown": "00",
        ]
        let content = Array("content".utf8)
        var table = NameTable<String>()
        for algorithm in algorithms { table[algorithm] = digests[algorithm] }
        let hashes = try #require(FileHashes(table))
        try Target(path: "t", description: TargetDescription(length: 7, hashes: hashes), role: "targets").check(content)
        await expectRefusal(.hashMismatch) {
            try Target(path: "t", description: TargetDescription(length: 7, hashes: hashes), role: "targets").check(
                Array("CONTENT".utf8))
        }
    }

    @Test func `trusts no hash that it does not know`() async throws {
        let hashes = try #require(FileHashes(["unknown-hash": "00"]))
        let target = Target(path: "t", description: TargetDescription(length: 0, hashes: hashes), role: "targets")
        await expectRefusal(.hashMismatch) { try target.check([]) }
        #expect(FileHashes([:]) == nil)
    }

    @Test func `waits for the refresh`() async throws {
        let test = try await TestRepository()
        let target = Target(path: "t", description: TargetDescription(of: []), role: "targets")
        let updater = test.updater()
        await expectRefusal(.notPossible) { _ = try await updater.content(of: target) }
    }
}
