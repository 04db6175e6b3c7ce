import FoundationEssentials
import LivepatchKit
import ScriptedServer
import Testing

@testable import livepatch_sync

@Suite struct `Mirroring into a plain directory` {
    @Test func `all files arrive, readable, with checksums, and nothing else stays`() async throws {
        try await withUpstream { upstream, directory async throws in
            let files = try await upstream.release("107.1") + upstream.release("108.1")
            #expect(try await Mirror.run([directory] + upstream.options) == 0)
            #expect(try names(in: directory) == (files.map(\.name.description) + ["SHA256SUMS"]).sorted { $0 < $1 })
            for file in files {
                let path = "\(directory)/\(file.name)"
                #expect(SHA256Digest(of: try bytes(of: path)) == file.digest)
                #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o644)
            }
            let list = ChecksumList(parsing: String(decoding: try bytes(of: "\(directory)/SHA256SUMS"), as: UTF8.self))
            #expect(list.digests == Dictionary(uniqueKeysWithValues: files.map { ($0.name.description, $0.digest) }))
        }
    }

    @Test func `a second run fetches no file`() async throws {
        try await withUpstream { upstream, directory async throws in
            try await upstream.release("107.1")
            #expect(try await Mirror.run([directory] + upstream.options) == 0)
            let count = upstream.fileRequests
            #expect(try await Mirror.run([directory] + upstream.options) == 0)
            #expect(upstream.fileRequests == count)
        }
    }

    @Test func `a damaged file is fetched again: at once if its length is wrong, otherwise with --verify`() async throws {
        try await withUpstream { upstream, directory async throws in
            let files = try await upstream.release("107.1")
            #expect(try await Mirror.run([directory] + upstream.options) == 0)
            try Data([1, 2, 3]).write(to: URL(filePath: "\(directory)/\(files[0].name)"))
            #expect(try await Mirror.run([directory] + upstream.options) == 0)
            #expect(SHA256Digest(of: try bytes(of: "\(directory)/\(files[0].name)")) == files[0].digest)
            try Data([UInt8](repeating: 0, count: Int(files[1].length))).write(to: URL(filePath: "\(directory)/\(files[1].name)"))
            #expect(try await Mirror.run([directory, "--verify"] + upstream.options) == 0)
            #expect(SHA256Digest(of: try bytes(of: "\(directory)/\(files[1].name)")) == files[1].digest)
        }
    }

    @Test func `a broken transfer goes on where it was`() async throws {
        try await withUpstream { upstream, directory async throws in
            let file = try await upstream.release("107.1", abis: 100...100)[0]
            upstream.spoil { request, answer in
                request.path.hasPrefix("/v1/patches/") && request.header("Range") == nil ? answer.truncated(after: 1000) : answer
            }
            #expect(try await Mirror.run([directory] + upstream.options) == 0)
            #expect(SHA256Digest(of: try bytes(of: "\(directory)/\(file.name)")) == file.digest)
            #expect(upstream.server.requests.compactMap { $0.header("Range") }.count == 1)
        }
    }

    @Test func `a file with wrong content never appears, and the others do`() async throws {
        try await withUpstream { upstream, directory async throws in
            let files = try await upstream.release("107.1")
            let bad = files[0].name.description
            upstream.spoil { request, answer in request.path.hasSuffix(bad) ? answer.corrupted(at: 500) : answer }
            #expect(try await Mirror.run([directory] + upstream.options) == 75)
            #expect(try names(in: directory) == ["SHA256SUMS", files[1].name.description])
        }
    }

    @Test func `nothing is deleted without --delete, and then only patch files`() async throws {
        try await withUpstream { upstream, directory async throws in
            try await upstream.release("107.1")
            let gone = try await upstream.release("108.1", abis: 100...100)[0].name.description
            try Data("mine".utf8).write(to: URL(filePath: "\(directory)/index.html"))
            #expect(try await Mirror.run([directory] + upstream.options) == 0)
            try await upstream.block("108.1")
            #expect(try await Mirror.run([directory] + upstream.options) == 0)
            #expect(try names(in: directory).contains(gone))
            #expect(String(decoding: try bytes(of: "\(directory)/SHA256SUMS"), as: UTF8.self).contains(gone))
            #expect(try await Mirror.run([directory, "--delete"] + upstream.options) == 0)
            #expect(try !names(in: directory).contains(gone))
            #expect(try names(in: directory).contains("index.html"))
            #expect(!String(decoding: try bytes(of: "\(directory)/SHA256SUMS"), as: UTF8.self).contains(gone))
        }
    }

    @Test func `an offer that has shrunken by more than a share deletes nothing unless that is accepted`() async throws {
        try await withUpstream { upstream, directory async throws in
            try await upstream.release("107.1", abis: 100...100)
            try await upstream.release("108.1", abis: 100...104)
            #expect(try await Mirror.run([directory] + upstream.options) == 0)
            try await upstream.block("108.1")
            #expect(await code { _ = try await Mirror.run([directory, "--delete"] + upstream.options) } == .upstreamShrunken)
            #expect(try names(in: directory).count == 7)
            #expect(try await Mirror.run([directory, "--delete", "--accept-removals"] + upstream.options) == 0)
            #expect(try names(in: directory).count == 2)
        }
    }

    @Test func `a mirror all of whose patches are blocked is said to hold them, and lets go of them when told to`() async throws {
        try await withUpstream { upstream, directory async throws in
            let files = try await upstream.release("107.1").map(\.name.description)
            #expect(try await Mirror.run([directory] + upstream.options) == 0)
            try await upstream.block("107.1")
            #expect(try await Mirror.run([directory] + upstream.options) == 0)
            #expect(try Set(names(in: directory)).isSuperset(of: files))
            #expect(await code { _ = try await Mirror.run([directory, "--delete"] + upstream.options) } == .upstreamShrunken)
            #expect(try await Mirror.run([directory, "--delete", "--accept-removals"] + upstream.options) == 0)
            #expect(try Set(names(in: directory)).isDisjoint(with: files))
        }
    }

    @Test func `a token that shows nothing is an error`() async throws {
        try await withUpstream(tier: "stable") { upstream, directory async throws in
            try await upstream.release("107.1")
            #expect(await code { _ = try await Mirror.run([directory] + upstream.options) } == .upstreamEmpty)
        }
    }

    @Test func `a refused token is told, and nothing is touched`() async throws {
        try await withUpstream { upstream, directory async throws in
            upstream.spoil { _, _ in .status(401) }
            #expect(await code { _ = try await Mirror.run([directory] + upstream.options) } == .upstreamRefusedToken)
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory).isEmpty)
        }
    }
}

@Suite struct `A list of checksums` {
    @Test func `is read as it is written, in either of the forms of sha256sum`() {
        let digest = SHA256Digest(of: [1])
        var list = ChecksumList()
        list.digests = ["b c": digest, "a": SHA256Digest(of: [2])]
        #expect(ChecksumList(parsing: list.text) == list)
        #expect(list.text.hasPrefix("\(SHA256Digest(of: [2]))  a\n"))
        #expect(ChecksumList(parsing: "\(digest) *a\nnonsense\n\n").digests == ["a": digest])
    }
}
