import Foundation
import LivepatchKit
import Processes
import Testing

@Suite("Roots whose keys are kept by people", .serialized) struct RootCeremonyTests {
    @Test("two of three holders sign the next roots, one of them is replaced, and those below go on syncing")
    func twoOfThree() async throws {
        try await Surroundings.with { here in
            let origin = try await here.server("origin", ["patch-sync.id": "origin-1"])
            let above = try await origin.administrator()
            try await above.importPatches("--versions 100.1 --kernels 1")
            let site = try await here.downstream("site", of: origin.url, token: above.token("edge", "site"))
            let below = try await site.administrator()
            try await below.firstSync()
            #expect(try await below("patch list --quiet") == "100.1\n")
            let pinned = try await below.trust().pins.map(\.fingerprint)

            /// A command that needs no server.
            func offline(_ line: String) async throws -> FinishedCommand {
                try await here.run(.admin, line.split(separator: " ").map(String.init))
            }
            for name in ["anna", "ben", "cleo", "dora"] {
                let made = try await offline("trust generate-key \(here.path(name)).key")
                #expect(made.status == 0 && made.output.contains("ed25519 "), "\(made)")
            }
            func keys(_ names: String...) -> String {
                names.map { "--key \(here.path($0)).key.pub" }.joined(separator: " ")
            }
            func sign(_ file: String, _ name: String) async throws {
                let signed = try await offline("trust sign \(file) --key \(here.path(name)).key")
                #expect(signed.status == 0, "\(signed)")
            }

            let first = here.path("root-2.json")
            try await above("trust root-init origin \(keys("anna", "ben", "cleo")) --threshold 2 \(first)")
            try await sign(first, "anna")
            let early = try await above.run(["trust", "publish", first])
            #expect(early.status == 65 && early.errors.contains("2 of its 3 root keys, and 1 signed"), "\(early)")
            try await sign(first, "cleo")
            try await above("trust publish \(first)")
            try FileManager.default.removeItem(atPath: "\(origin.dataDirectory)/keys/origin-root.key")
            #expect(try await above("history --format json").contains("trust publish origin root 2"))

            // Without any key of a root on the server: it signs what is new, also after it was started anew.
            try await origin.stop()
            let again = try await here.server(
                "origin", ["patch-sync.id": "origin-1", "server.server-address": origin.url.replacing("http://", with: "")])
            let later = try await again.administrator()
            try await later.importPatches("--versions 101.1 --kernels 1 --seed 2")
            #expect(try await below.sync()["result"] as? String == "complete")
            #expect(try await Set(below("patch list --quiet").split(separator: "\n")) == ["100.1", "101.1"])

            // Cleo's key is lost.
            let second = here.path("root-3.json")
            try await later("trust root-init origin \(keys("anna", "ben", "dora")) --threshold 2 \(second)")
            try await sign(second, "anna")
            try await sign(second, "dora")
            let refused = try await later.run(["trust", "publish", second])
            #expect(refused.status == 65 && refused.errors.contains("root 2 asks for 2"), "\(refused)")
            try await sign(second, "ben")
            try await later("trust publish \(second)")

            try await later("patch block 100.1 --reason crashes")
            #expect(try await below.sync()["result"] as? String == "complete")
            #expect(try await below.offers("edge") == ["101.1"])
            let status = try await below.trust()
            #expect(status.repositories.first?.root.version == 3)
            #expect(status.pins.map(\.fingerprint) == pinned)
        }
    }
}
