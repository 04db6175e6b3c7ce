import Foundation
import Processes
import Testing

@Suite("The doctor", .serialized) struct DoctorTests {
    @Test("finds two servers well, and then what was done to them")
    func examination() async throws {
        try await Surroundings.with { here in
            let origin = try await here.server("origin")
            let above = try await origin.administrator()
            try await above.importPatches("--versions 100.1 --kernels 2")
            let site = try await here.downstream("site", of: origin.url, token: above.token("edge", "site"))
            let below = try await site.administrator()
            try await below.firstSync()
            for administrator in [above, below] {
                // How much room there is on the disk of whoever tests is not ours to judge.
                let well = try await administrator.run(["doctor", "--only", Self.checks])
                #expect(well.status == 0 && well.output.contains("All is well."), "\(well)")
            }
            let all = try await above.run(["doctor", "--format", "json"])
            #expect([0, 1, 69].contains(all.status), "\(all)")
            let findings = try #require((all.json() as? [String: Any])?["findings"] as? [[String: Any]])
            #expect(
                Set(findings.compactMap { $0["check"] as? String }).isSuperset(of: ["connection", "clock", "disk", "database"]))

            // A damaged file, an upstream that is gone, and a server that is down.
            let content = URL(fileURLWithPath: site.storageDirectory + "/content/sha256")
            let files = try #require(FileManager.default.enumerator(at: content, includingPropertiesForKeys: [.isRegularFileKey]))
            for case let file as URL in files where try file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true {
                try FileManager.default.removeItem(at: file)
                try Data("not it".utf8).write(to: file)
            }
            try await origin.stop()
            let ill = try await below.run(["doctor", "--only", Self.checks])
            #expect(ill.status == 69, "\(ill)")
            for words in ["damaged", "storage verify --repair", "upstream", "need a hand"] {
                #expect(ill.output.contains(words), "'\(words)' is not in \(ill)")
            }
            let quiet = try await below.run(["doctor", "--only", Self.checks, "--quiet"])
            #expect(quiet.output.contains("storage\n") && quiet.output.contains("upstream\n"), "\(quiet)")
            let gone = try await above.run(["doctor"])
            #expect(gone.status == 69 && gone.output.contains("cannot be"), "\(gone)")
            let stranger = try await here.run(
                .admin, ["doctor", "--url", site.url], environment: ["XDG_CONFIG_HOME": here.path("nobody")])
            #expect(stranger.status == 69 && stranger.output.contains("log"), "\(stranger)")
        }
    }

    private static let checks =
        "connection,clear-text,certificate,clock,tokens,trust,database,storage,sync,upstream,downstreams,webhooks"
}
