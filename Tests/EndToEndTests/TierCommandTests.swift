import Foundation
import Processes
import Testing

@Suite("Commands of tiers and promotions", .serialized) struct TierCommandTests {
    @Test("print their plan, carry it out, are recorded, and are undone")
    func changes() async throws {
        try await Surroundings.with { here in
            let server = try await here.server("origin")
            let administrator = try await server.administrator()
            try await administrator.importPatches("--versions 100.1,101.1,102.1 --kernels 1")
            try await administrator("patch promote 100.1 candidate")
            let commands = [
                "tier add canary --after edge", "tier rename canary early", "tier move early --after beta", "tier remove early",
                "patch promote 101.1 beta", "patch promote-all beta stable", "patch withdraw 100.1 stable",
                "patch block 102.1 --reason crashes", "patch unblock 102.1 --reason harmless",
            ]
            for command in commands {
                let before = try await state(administrator)
                let plan = try await administrator("\(command) --dry-run")
                #expect(!plan.isEmpty)
                #expect(try await state(administrator) == before, "\(command) --dry-run changes nothing")
                let done = try await administrator(command)
                #expect(try await state(administrator) != before, "\(command)")
                #expect(done.contains("done"), "\(done)")
                let history = try #require(
                    (try await administrator.json("history --limit 1") as? [String: Any])?["changes"] as? [[String: Any]])
                let entry = try #require(history.first)
                #expect(entry["actor"] as? String == "admin")
                #expect((entry["action"] as? String)?.hasPrefix(command.components(separatedBy: " --reason")[0]) == true)
                let id = try #require(entry["id"] as? Int)
                let after = try await state(administrator)
                try await administrator("undo \(id) --dry-run")
                #expect(try await state(administrator) == after)
                try await administrator("undo \(id)")
                #expect(try await state(administrator) == before, "\(command) was undone")
                try await administrator(["undo", "\(id + 1)"])
                #expect(try await state(administrator) == after, "and so was the undoing of \(command)")
            }
            let history = try await administrator("history --limit 100")
            #expect(history.contains("crashes") && history.contains("patch block 102.1"))
        }
    }

    @Test("rename a tier back after patches and tokens have come to it")
    func renamedBack() async throws {
        try await Surroundings.with { here in
            let server = try await here.server("origin")
            let administrator = try await server.administrator()
            try await administrator.importPatches("--versions 100.1 --kernels 1")
            let dry = try await administrator("tier rename edge dev --dry-run")
            #expect(dry.contains("renames the tier edge to dev") && !dry.contains("gains") && !dry.contains("loses"))
            let id = try #require(try await administrator("tier rename edge dev --quiet").split(separator: "\n").first)
            try await administrator.importPatches("--versions 101.1 --kernels 1")
            _ = try await administrator.token("dev", "regional")
            try await administrator("undo \(id)")
            let state = try await state(administrator)
            #expect(state.contains("edge") && !state.contains("dev"))
            #expect(state.contains("100.1") && state.contains("101.1") && state.contains("regional"))
        }
    }

    @Test("are refused with what to do: unknown names, tiers that tokens refer to, the last tier, changes that were overtaken")
    func refusals() async throws {
        try await Surroundings.with { here in
            let server = try await here.server("origin")
            let administrator = try await server.administrator()
            try await administrator.importPatches("--versions 100.1 --kernels 1")
            try await administrator.refuse("patch promote 999.1 stable", status: 66, saying: "999.1")
            try await administrator.refuse("patch promote 100.1 nowhere", status: 66, saying: "nowhere")
            try await administrator.refuse("patch promote nonsense stable", status: 64, saying: "nonsense")
            try await administrator.refuse("tier add edge", status: 73, saying: "edge")
            try await administrator.refuse("undo 4711", status: 66, saying: "4711")
            _ = try await administrator.token("beta", "regional")
            try await administrator.refuse("tier remove beta", status: 65, saying: "regional", "--force")
            try await administrator("tier remove beta --force")
            #expect(try await administrator("sync-tokens list").contains("edge"), "the token moved to the previous tier")
            try await administrator("tier remove candidate")
            try await administrator("tier remove stable")
            try await administrator.refuse("tier remove edge", status: 65)
            try await administrator.refuse("undo 1", status: 65)
        }
    }

    private func state(_ administrator: Administrator) async throws -> String {
        try await administrator("tier list --format json")
    }
}
