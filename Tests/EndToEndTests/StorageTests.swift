import Foundation
import Processes
import Testing

@Suite("Storage commands", .serialized) struct StorageTests {
    @Test("verify finds a flipped byte, what is damaged is no longer served, and --repair fetches it again")
    func repair() async throws {
        try await Surroundings.with { here in
            let origin = try await here.server("origin")
            let above = try await origin.administrator()
            try await above.importPatches("--versions 100.1 --kernels 3")
            let site = try await here.downstream("site", of: origin.url, token: above.token("edge", "site"))
            let below = try await site.administrator()
            try await below.firstSync()
            #expect(try await below("storage verify").contains("3 files"))

            let files = try #require(
                (try await below.json("storage patches") as? [String: Any])?["files"] as? [[String: Any]])
            let file = try #require(files.first?["file"] as? [String: Any])
            let (name, digest) = (try #require(file["name"] as? String), try #require(file["digest"] as? String))
            let hexadecimal = digest.split(separator: ":").last.map(String.init) ?? digest
            let path = "\(site.storageDirectory)/content/sha256/\(hexadecimal.prefix(2))/\(hexadecimal)"
            var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            bytes[bytes.count / 2] ^= 1
            try FileManager.default.removeItem(atPath: path)
            try bytes.write(to: URL(fileURLWithPath: path))

            let token = ["Authorization": "Bearer \(try await below.token("edge", "test"))"]
            let found = try await below.run(["storage", "verify"])
            #expect(found.status == 74, "\(found)")
            #expect(found.output.contains(name) && found.output.contains("damaged"), "\(found)")
            #expect(try await ask(site.port, "GET", "/v1/patches/\(name)", token).status == 404)

            let repaired = try await below.run(["storage", "verify", "--repair"])
            #expect(repaired.status == 0, "\(repaired)")
            bytes[bytes.count / 2] ^= 1
            let answer = try await ask(site.port, "GET", "/v1/patches/\(name)", token)
            #expect(answer.status == 200 && answer.body == [UInt8](bytes))
            try await below("storage verify")
        }
    }

    @Test("verify at an origin names what is missing, and importing it again repairs it")
    func origin() async throws {
        try await Surroundings.with { here in
            let origin = try await here.server("origin")
            let administrator = try await origin.administrator()
            let folder = try here.folder("patches")
            try await here.succeed(.generator, [folder, "--kernels", "2"])
            try await administrator(["patch", "import", folder])
            let content = "\(origin.storageDirectory)/content/sha256"
            for shard in try FileManager.default.contentsOfDirectory(atPath: content) {
                try FileManager.default.removeItem(atPath: "\(content)/\(shard)")
            }
            let found = try await administrator.run(["storage", "verify", "--quiet"])
            #expect(found.status == 74)
            #expect(found.output.split(separator: "\n").count == 2, "\(found)")
            try await administrator(["patch", "import", folder])
            try await administrator("storage verify")
        }
    }

    @Test("gc --dry-run names what a narrowed filter no longer admits, and gc removes it")
    func collection() async throws {
        try await Surroundings.with { here in
            let origin = try await here.server("origin")
            let above = try await origin.administrator()
            try await above.importPatches("--versions 100.1 --kernels 2 --flavours generic,aws")
            let token = try await above.token("edge", "site")
            let first = try await here.downstream("site", of: origin.url, token: token)
            try await first.administrator().firstSync()
            try await first.stop()
            let narrowed = try await here.downstream("site", of: origin.url, token: token, ["patch-sync.flavors": "aws"])
            let below = try await narrowed.administrator()
            try await below.sync()
            #expect(try await below("storage patches --quiet").split(separator: "\n").count == 4, "narrowing removes nothing")
            let plan = try await below("storage gc --dry-run --quiet").split(separator: "\n")
            #expect(plan.count == 2 && plan.allSatisfy { $0.contains("generic") }, "\(plan)")
            #expect(try await below("storage patches --quiet").split(separator: "\n").count == 4)
            try await below("storage gc")
            let left = try await below("storage patches --quiet").split(separator: "\n")
            #expect(left.count == 2 && left.allSatisfy { $0.contains("aws") }, "\(left)")
            #expect(try await below("storage gc").contains("nothing to remove"))
        }
    }
}
