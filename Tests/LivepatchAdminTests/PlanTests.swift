import ConsoleRecording
import LivepatchAPI
import LivepatchConsole
import LivepatchKit
import Testing

@testable import livepatch_admin

@Suite struct PlanTests {
    private func server(_ reach: [PatchVersion: String], blocked: [PatchVersion] = [], tokens: [String: String] = [:])
        -> AnsweringServer
    {
        AnsweringServer {
            $0.situation.versions = Set(reach.keys)
            $0.situation.state.reach = reach.mapValues(Samples.tier)
            $0.situation.state.blocks = blocked.map {
                Block(version: $0, reason: "it crashes", blocked: RecordedConsole.now, deployment: Samples.deployment)
            }
            $0.situation.tokens = tokens.mapValues(Samples.tier)
        }
    }

    private let two: [PatchVersion: String] = [PatchVersion(107, 1): "edge", PatchVersion(9, 1): "edge"]

    @Test func `A dry run shows what each tier gains, and applies nothing`() async throws {
        let server = server(two)
        let run = try await Invocation.run("patch", "promote-all", "edge", "candidate", "--dry-run", server: server)
        #expect(
            run.output == """
                patch promote-all edge candidate would change this:
                  beta       gains 2: 9.1, 107.1
                  candidate  gains 2: 9.1, 107.1

                """)
        #expect(run.errorOutput == "")
        #expect(server.asked == ["change patch promote-all edge candidate dry"])
    }

    @Test func `What was done is shown with the number that takes it back`() async throws {
        let run = try await Invocation.run("patch", "promote", "107.1", "beta", server: server(two))
        #expect(run.output == "patch promote 107.1 beta: done, as change 17.\n  beta  gains 107.1\n")
        #expect(run.errorOutput == "To take it back: livepatch-admin undo 17\n")
        #expect(run.status == 0)
    }

    @Test func `Nothing to change is said as such`() async throws {
        let run = try await Invocation.run("patch", "promote", "107.1", "edge", server: server(two))
        #expect(run.output == "patch promote 107.1 edge: there is nothing to change.\n")
        #expect(run.errorOutput == "")
    }

    @Test func `A block shows its reason and every tier that loses the version`() async throws {
        let run = try await Invocation.run(
            "patch", "block", "107.1", "--reason", "it \u{1B}[31mcrashes", server: server([PatchVersion(107, 1): "beta"]))
        #expect(
            run.output == """
                patch block 107.1: done, as change 17.
                  edge  loses 107.1
                  beta  loses 107.1
                  blocks 107.1 everywhere, here and below: it \u{FFFD}[31mcrashes

                """)
    }

    @Test func `Promoting what is blocked shows its new place and the note`() async throws {
        let run = try await Invocation.run(
            "patch", "promote", "107.1", "beta", server: server(two, blocked: [PatchVersion(107, 1)]))
        #expect(run.output.contains("  107.1 reaches beta instead of edge, without being offered\n"))
        #expect(run.output.contains("  Note: 107.1 is blocked"))
    }

    @Test func `A renamed tier is called that, with the tokens that go along`() async throws {
        let run = try await Invocation.run(
            "tier", "rename", "beta", "preview", server: server([PatchVersion(107, 1): "stable"], tokens: ["site": "beta"]))
        #expect(
            run.output == """
                tier rename beta preview: done, as change 17.
                  renames the tier beta to preview
                  moves the sync token 'site' from beta to preview

                """)
    }

    @Test func `As JSON a renamed tier is called that, and nothing appears or disappears`() async throws {
        let run = try await Invocation.run(
            "tier", "rename", "beta", "preview", "--dry-run", "--format", "json",
            server: server([PatchVersion(107, 1): "stable"]))
        let plan = try DocumentCoding.decode(ChangeResultBody.self, from: Array(run.output.utf8)).plan
        #expect(plan.renamed?.before == Samples.tier("beta") && plan.renamed?.after == Samples.tier("preview"))
        #expect(plan.effects.isEmpty)
        #expect(run.output.contains("\"renamed\""))
    }

    @Test func `A new tier shows the list before and after`() async throws {
        let run = try await Invocation.run("tier", "add", "canary", "--before", "edge", "--dry-run", server: server(two))
        #expect(run.output.contains("  tiers: edge, beta, candidate, stable → canary, edge, beta, candidate, stable\n"))
        #expect(run.output.contains("  canary  gains 2: 9.1, 107.1\n"))
    }

    @Test func `A refusal carries the server's words and status`() async throws {
        let run = try await Invocation.run("tier", "remove", "beta", server: server(two, tokens: ["site": "beta"]))
        #expect(run.status == 65)
        #expect(run.errorOutput.contains("'site' (beta)"))
        #expect(run.errorOutput.contains("--force"))
    }

    @Test func `Quiet prints the number of the change alone, and nothing for a dry run`() async throws {
        #expect(try await Invocation.run("patch", "promote", "107.1", "beta", "--quiet", server: server(two)).output == "17\n")
        #expect(
            try await Invocation.run("patch", "promote", "107.1", "beta", "-q", "--dry-run", server: server(two)).output == "")
    }

    @Test func `As JSON a plan is the wire's`() async throws {
        let run = try await Invocation.run("patch", "promote", "107.1", "beta", "--format", "json", server: server(two))
        let body = try DocumentCoding.decode(ChangeResultBody.self, from: Array(run.output.utf8))
        #expect(body.change == 17)
        #expect(body.plan.effects.map(\.tier) == [Samples.tier("beta")])
    }
}
