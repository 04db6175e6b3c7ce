import Foundation
import LivepatchAPI
import LivepatchHTTP
import LivepatchKit
import PatchGenerator
import Processes
import Testing

@Suite("Killed during imports") struct ImportKillTests {
    @Test(
        "An origin that is killed at any moment of uploads and of refreshes keeps what it acknowledged, and shows nothing that is not whole",
        .timeLimit(.minutes(10)))
    func origin() async throws {
        var random = Seed.take(for: "origin", ProcessInfo.processInfo.environment)
        try await Surroundings.with { here in
            var batch = try Batch(here, version: 100)
            var acknowledged: [PatchFileName: SHA256Digest] = [:]
            var known: ServerAccess?
            let enough = KillCount.wanted(usually: 30)
            var kills = 0
            while true {
                let server = try await here.server("origin")
                let access: ServerAccess
                if let known { access = known } else { access = try await ServerAccess(to: server) }
                known = access
                let client = try access.client(of: server)
                let comment = "after \(kills) kills"
                let files = try await ServerView(of: client).files
                let listed = Dictionary(uniqueKeysWithValues: files.map { ($0.name, $0.digest) })
                for (name, digest) in acknowledged { #expect(listed[name] == digest, "\(name) was acknowledged, \(comment)") }
                for (name, digest) in listed {
                    #expect(batch.digests[name] ?? acknowledged[name] == digest, "\(name), \(comment)")
                }
                try await access.downloads(from: server).check(
                    files.filter { batch.digests[$0.name] != nil } + files.shuffled(using: &random).prefix(4), comment)
                if kills >= enough {
                    // What was interrupted is imported as if nothing had been.
                    for name in batch.names { _ = try await client.importPatch(at: batch.path(name), as: "\(name)") }
                    await client.close()
                    try await server.stop()
                    break
                }
                if batch.names.allSatisfy({ listed[$0] != nil }) {
                    acknowledged.merge(batch.digests) { $1 }
                    batch = try Batch(here, version: batch.version + 1)
                }

                let rest = batch.names.filter { acknowledged[$0] == nil }
                let viaFolder = Int.random(in: 0..<3, using: &random) == 0
                let moment = Duration.microseconds(Int.random(in: 0...(viaFolder ? 250_000 : 150_000), using: &random))
                let kill = Task {
                    try await Task.sleep(for: moment)
                    try await server.process.kill9()
                }
                if viaFolder {
                    try batch.copy(rest, to: "\(server.dataDirectory)/incoming")
                    // That the server is gone is no surprise.
                    try? await drain(client.refreshStorage())
                } else {
                    let names = rest.shuffled(using: &random)
                    await withTaskGroup(of: PatchImportBody?.self) { group in
                        for name in names {
                            group.addTask { [batch] in try? await client.importPatch(at: batch.path(name), as: "\(name)") }
                        }
                        for await case let receipt? in group { acknowledged[receipt.file.name] = receipt.file.digest }
                    }
                }
                try await kill.value
                await client.close()
                kills += 1
            }
        }
    }

    private func drain(_ events: AdminClient.StorageEvents<StorageRefresh>) async throws { for try await _ in events {} }

    /// The files of one version, on disk and not yet imported.
    private struct Batch: Sendable {
        let version: Int
        let names: [PatchFileName]
        let digests: [PatchFileName: SHA256Digest]
        private let folder: String

        init(_ surroundings: Surroundings, version: Int) throws {
            let generator = PatchGenerator(seed: UInt64(version), codeBytes: 300_000)
            let flavours = try [Flavour(parsing: "generic"), Flavour(parsing: "aws")]
            self.version = version
            names = Array(
                PatchNames(versions: [PatchVersion(version, 1)], kernels: try PatchNames.kernels(4), flavours: flavours).all())
            folder = try surroundings.folder("batch-\(version)")
            var digests: [PatchFileName: SHA256Digest] = [:]
            for name in names {
                let bytes = try generator.file(name)
                try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
                digests[name] = SHA256Digest(of: bytes)
            }
            self.digests = digests
        }

        func path(_ name: PatchFileName) -> String { "\(folder)/\(name)" }

        func copy(_ names: [PatchFileName], to directory: String) throws {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            for name in names where !FileManager.default.fileExists(atPath: "\(directory)/\(name)") {
                try FileManager.default.copyItem(atPath: path(name), toPath: "\(directory)/\(name)")
            }
        }
    }
}
