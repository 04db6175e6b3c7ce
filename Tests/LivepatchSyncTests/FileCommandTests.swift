import ArgumentParser
import FoundationEssentials
import LivepatchKit
import ScriptedServer
import Testing

@testable import livepatch_sync

@Suite struct `Fetching files by name` {
    @Test func `the module is unpacked beside the tarball's place, and the tarball removed`() async throws {
        try await withUpstream { upstream, directory async throws in
            let files = try await upstream.release("107.1")
            let arguments = files.map(\.name.description) + ["--output-dir", directory] + upstream.options
            #expect(try await GetFiles.run(arguments) == 0)
            #expect(try names(in: directory) == files.map { $0.name.description.replacing(".tar.bz2", with: ".ko") }.sorted())
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory).count == 2)
            for name in try names(in: directory) {
                #expect(try bytes(of: "\(directory)/\(name)").starts(with: [0x7F, 0x45, 0x4C, 0x46]))
            }
        }
    }

    @Test func `with --keep-tarball the tarball stays as it is`() async throws {
        try await withUpstream { upstream, directory async throws in
            let file = try await upstream.release("107.1")[0]
            #expect(try await GetFiles.run([file.name.description, "-K", "--output-dir", directory] + upstream.options) == 0)
            #expect(try names(in: directory) == [file.name.description])
            #expect(SHA256Digest(of: try bytes(of: "\(directory)/\(file.name)")) == file.digest)
        }
    }

    @Test func `a list's hashes are required, and what is not offered does not stop the rest`() async throws {
        try await withUpstream { upstream, directory async throws in
            let files = try await upstream.release("107.1", abis: 100...102)
            let missing = "livepatch-5.15.0-999.1-generic-107.1-amd64.tar.bz2"
            let list = "\(directory)/wanted"
            let text = """
                - filename: \(files[0].name)
                  hash: \(files[0].digest)
                - filename: \(files[1].name)
                  hash: \(files[0].digest)
                - filename: \(missing)
                """
            try Data(text.utf8).write(to: URL(filePath: list))
            #expect(try await GetFiles.run(["-i", list, "-K", "--output-dir", directory] + upstream.options) == 75)
            #expect(try names(in: directory) == [files[0].name.description, "wanted"])
        }
    }

    @Test func `if nothing can be had, the status says why`() async throws {
        try await withUpstream { upstream, directory async throws in
            try await upstream.release("107.1")
            let name = "livepatch-5.15.0-999.1-generic-107.1-amd64.tar.bz2"
            #expect(try await GetFiles.run([name, "--output-dir", directory] + upstream.options) == 66)
        }
    }

    @Test(arguments: [[], ["a", "-i", "b"]]) func `names or a list, one of them`(_ arguments: [String]) {
        #expect(throws: (any Error).self) { try GetFiles.parse(arguments) }
    }

    @Test func `a token on the command line is refused`() {
        #expect(throws: (any Error).self) { try List.parse(["--set", "patch-sync.token=x"]) }
    }
}

@Suite struct `Fetching the newest file for a kernel` {
    @Test(arguments: ["5.15.0-100.110", "5.15.0-100.110-generic", "5.15.0-100-generic"])
    func `takes the highest version that is not blocked`(_ kernel: String) async throws {
        try await withUpstream { upstream, directory async throws in
            try await upstream.release("9.1")
            let file = try await upstream.release("107.1")[0]
            try await upstream.release("108.1")
            try await upstream.block("108.1")
            let arguments = ["--kernel", kernel, "--architecture", "amd64", "--output-dir", directory] + upstream.options
            #expect(try await GetLatest.run(arguments) == 0)
            #expect(try names(in: directory) == [file.name.description])
        }
    }

    @Test func `says so if there is none, or several kernels may be meant`() async throws {
        try await withUpstream { upstream, directory async throws in
            try await upstream.release("107.1")
            try await upstream.release("107.1", flavour: "aws")
            let options = ["--output-dir", directory] + upstream.options
            #expect(
                await code { _ = try await GetLatest.run(["--kernel", "6.8.0-1.1", "--architecture", "amd64"] + options) }
                    == .notFound)
            let both = ["--kernel", "5.15.0-100.110", "--architecture", "amd64"] + options
            #expect(await code { _ = try await GetLatest.run(both) } == .malformedRequest)
            #expect(try await GetLatest.run(both + ["--flavour", "aws"]) == 0)
            #expect(try names(in: directory) == ["livepatch-5.15.0-100.110-aws-107.1-amd64.tar.bz2"])
        }
    }
}

@Suite struct `The files that somebody names` {
    private let first = "livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2"
    private let second = "livepatch-5.15.0-107.117-aws-64k-107.1-arm64.tar.bz2"

    private func read(_ text: String) throws -> [String: SHA256Digest?] {
        var files = WantedFiles()
        try files.read(text: text, from: "list")
        return Dictionary(uniqueKeysWithValues: files.hashes.map { ($0.key.description, $0.value) })
    }

    @Test func `are read from entries, in either order, quoted or not, and from bare names`() throws {
        let digest = SHA256Digest(of: [1])
        #expect(
            try read("- filename: \(first)\n  hash: \(digest)\n- hash: '\(digest)'\n  filename: \"\(second)\"\n") == [
                first: digest, second: digest,
            ])
        #expect(try read("# wanted\n\(first)\r\n\n\(second)  # arm\n") == [first: nil, second: nil])
        #expect(try read("[]\n") == [:])
    }

    @Test func `the line of a mistake is named`() async {
        #expect(await code { _ = try read("\(first)\nnonsense\n") } == .malformedValue)
        #expect(await code { _ = try read("- filename: \(first)\n  hash: 12\n") } == .malformedValue)
    }
}

@Suite struct `A kernel as a person names it` {
    private func begins(_ text: String) throws -> Bool {
        KernelChoice.begins(try PatchFileName(parsing: "livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2"), with: text)
    }

    @Test(arguments: ["", "5", "5.15", "5.15.", "5.15.0-107", "5.15.0-107.117", "5.15.0-107.117-gen"])
    func `is a beginning`(_ text: String) throws { #expect(try begins(text)) }

    @Test(arguments: ["5.1", "15", "5.15.0-10", "5.15.0-107.11", "5.15.0-107-generic"])
    func `is none in the middle of a number`(_ text: String) throws { #expect(try !begins(text)) }
}
