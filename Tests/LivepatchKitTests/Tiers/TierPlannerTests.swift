import FoundationEssentials
import LivepatchKit
import Testing

@Suite struct TierPlannerTests {
    private let time = Date(timeIntervalSince1970: 1_717_243_200)

    /// edge: 9.1, 107.1, 107.2; beta: 9.1, 107.1; candidate, stable: 9.1. 108.1 is in no tier.
    private var situation: TierPlanner.Situation {
        .init(
            state: TierState(reach: ["9.1": "stable", "107.1": "beta", "107.2": "edge"]),
            versions: ["9.1", "107.1", "107.2", "108.1"], tokens: [:], deployment: "here")
    }

    private func planner(_ change: (inout TierPlanner.Situation) -> Void = { _ in }) -> TierPlanner {
        var situation = situation
        change(&situation)
        return TierPlanner(situation, now: time)
    }

    /// The state that a plan leads to.
    private func after(_ command: TierCommand, _ planner: TierPlanner) throws -> TierState {
        try #require(try planner.plan(command).change.applied(to: planner.situation.state))
    }

    private func effect(_ tier: TierName, _ appearing: [PatchVersion], _ disappearing: [PatchVersion] = []) -> String {
        "\(tier) +\(appearing) -\(disappearing)"
    }

    private func effects(_ command: TierCommand, _ planner: TierPlanner) throws -> [String] {
        try planner.plan(command).effects.map { effect($0.tier, $0.appearing, $0.disappearing) }
    }

    // MARK: Tiers

    @Test func `a tier is added at the end, before or after another, and holds what later ones hold`() throws {
        #expect(try after(.addTier(name: "lts", position: .last), planner()).tiers.last == "lts")
        #expect(try effects(.addTier(name: "lts", position: .last), planner()) == [])
        let beforeStable = TierCommand.addTier(name: "lts", position: .before(tier: "stable"))
        #expect(try after(beforeStable, planner()).tiers == ["edge", "beta", "candidate", "lts", "stable"])
        #expect(try effects(beforeStable, planner()) == [effect("lts", ["9.1"])])
        let afterEdge = TierCommand.addTier(name: "lts", position: .after(tier: "edge"))
        #expect(try after(afterEdge, planner()).tiers == ["edge", "lts", "beta", "candidate", "stable"])
        #expect(try effects(afterEdge, planner()) == [effect("lts", ["9.1", "107.1"])])
    }

    @Test func `a tier that exists, or a place that does not, is refused`() {
        expectError(.alreadyExists, naming: ["'beta'"]) { try planner().plan(.addTier(name: "beta", position: .last)) }
        expectError(.tierUnknown, naming: ["'nightly'", "edge, beta, candidate, stable"]) {
            try planner().plan(.addTier(name: "lts", position: .before(tier: "nightly")))
        }
        expectError(.tierUnknown, naming: ["'lts'"]) { try planner().plan(.addTier(name: "lts", position: .after(tier: "lts"))) }
    }

    @Test func `what a removed tier held last is held by the one before it`() throws {
        let state = try after(.removeTier(name: "beta", force: false), planner())
        #expect(state.tiers == ["edge", "candidate", "stable"])
        #expect(state.reach == ["9.1": "stable", "107.1": "edge", "107.2": "edge"])
        #expect(try effects(.removeTier(name: "beta", force: false), planner()) == [effect("beta", [], ["9.1", "107.1"])])
    }

    @Test func `what only a removed first tier held is in no tier afterwards`() throws {
        let state = try after(.removeTier(name: "edge", force: false), planner())
        #expect(state.reach == ["9.1": "stable", "107.1": "beta"])
    }

    @Test func `a tier that tokens refer to is removed only with force, and then they move to the one before it`() throws {
        let planner = planner { $0.tokens = ["b": "beta", "a": "beta", "c": "edge"] }
        expectError(.tierInUse, naming: ["'a' (beta), 'b' (beta)", "--force"]) {
            try planner.plan(.removeTier(name: "beta", force: false))
        }
        let plan = try planner.plan(.removeTier(name: "beta", force: true))
        #expect(plan.change.tokens.map { "\($0.token): \($0.before) → \($0.after)" } == ["a: beta → edge", "b: beta → edge"])
    }

    @Test func `tokens of a first tier that is removed move to the next, which shows less`() throws {
        let planner = planner { $0.tokens = ["c": "edge"] }
        #expect(try planner.plan(.removeTier(name: "edge", force: true)).change.tokens.map(\.after) == ["beta"])
    }

    @Test func `the last tier, and one that is not there, cannot be removed`() {
        expectError(.lastTier, naming: ["'edge'"]) {
            try planner { $0.state = TierState(tiers: ["edge"]) }.plan(.removeTier(name: "edge", force: true))
        }
        expectError(.tierUnknown, naming: ["'nightly'"]) { try planner().plan(.removeTier(name: "nightly", force: true)) }
    }

    @Test func `a renamed tier keeps its place, what it holds and its tokens`() throws {
        let planner = planner { $0.tokens = ["a": "beta", "c": "edge"] }
        let command = TierCommand.renameTier(name: "beta", newName: "preview")
        let state = try after(command, planner)
        #expect(state.tiers == ["edge", "preview", "candidate", "stable"])
        #expect(state.members(of: "preview") == ["9.1", "107.1"])
        #expect(try planner.plan(command).change.tokens == [.init(token: "a", before: "beta", after: "preview")])
        #expect(try planner.plan(.renameTier(name: "beta", newName: "beta")).isEmpty)
        expectError(.alreadyExists) { try planner.plan(.renameTier(name: "beta", newName: "edge")) }
        expectError(.tierUnknown) { try planner.plan(.renameTier(name: "nightly", newName: "x")) }
    }

    @Test func `a tier that moves shows nobody what they did not see`() throws {
        let stableFirst = try after(.moveTier(name: "stable", position: .before(tier: "edge")), planner())
        #expect(stableFirst.tiers == ["stable", "edge", "beta", "candidate"])
        #expect(stableFirst.reach == ["9.1": "candidate"], "only 9.1 was in stable, which comes first now")
        let edgeLast = try after(.moveTier(name: "edge", position: .last), planner())
        #expect(edgeLast.tiers == ["beta", "candidate", "stable", "edge"])
        #expect(edgeLast.reach == ["9.1": "edge", "107.1": "beta"])
    }

    @Test func `a tier that moves to where it is stays`() throws {
        for position: TierPosition in [
            .before(tier: "candidate"), .after(tier: "edge"), .before(tier: "beta"), .after(tier: "beta"),
        ] {
            #expect(try planner().plan(.moveTier(name: "beta", position: position)).isEmpty, "\(position)")
        }
        expectError(.tierUnknown) { try planner().plan(.moveTier(name: "nightly", position: .last)) }
        expectError(.tierUnknown) { try planner().plan(.moveTier(name: "beta", position: .after(tier: "nightly"))) }
    }

    // MARK: Patch versions

    @Test func `a promotion reaches the tier and every one before it`() throws {
        #expect(
            try after(.promote(version: "107.2", tier: "candidate"), planner()).tiers(holding: "107.2") == [
                "edge", "beta", "candidate",
            ])
        #expect(
            try effects(.promote(version: "107.2", tier: "candidate"), planner())
                == [effect("beta", ["107.2"]), effect("candidate", ["107.2"])])
        #expect(try after(.promote(version: "108.1", tier: "edge"), planner()).members(of: "edge").contains("108.1"))
    }

    @Test func `a promotion to where a version is already changes nothing`() throws {
        #expect(try planner().plan(.promote(version: "9.1", tier: "beta")).isEmpty)
        #expect(try planner().plan(.promote(version: "107.1", tier: "beta")).isEmpty)
    }

    @Test func `what is not there cannot be promoted, withdrawn or blocked`() {
        for command: TierCommand in [
            .promote(version: "1.1", tier: "beta"), .withdraw(version: "1.1", tier: "beta"), .block(version: "1.1", reason: "x"),
            .unblock(version: "1.1", reason: ""),
        ] {
            expectError(.versionUnknown, naming: ["1.1"]) { try planner().plan(command) }
        }
        expectError(.tierUnknown) { try planner().plan(.promote(version: "9.1", tier: "nightly")) }
        expectError(.tierUnknown) { try planner().plan(.withdraw(version: "9.1", tier: "nightly")) }
    }

    @Test func `promoting a blocked version is allowed, and said to have no effect yet`() throws {
        let planner = planner { $0.state.blocks = [Block(version: "107.2", reason: "", blocked: time, deployment: "origin")] }
        let plan = try planner.plan(.promote(version: "107.2", tier: "stable"))
        #expect(!plan.isEmpty)
        #expect(plan.effects == [])
        #expect(plan.notes == ["107.2 is blocked: it stays out of every tier until it is unblocked."])
    }

    @Test func `promoting all makes the tiers from one to the other alike`() throws {
        let state = try after(.promoteAll(from: "edge", to: "candidate"), planner())
        for tier: TierName in ["edge", "beta", "candidate"] { #expect(state.members(of: tier) == ["9.1", "107.1", "107.2"]) }
        #expect(state.members(of: "stable") == ["9.1"])
        #expect(try planner().plan(.promoteAll(from: "beta", to: "beta")).isEmpty)
    }

    @Test func `promoting all goes to later tiers only`() {
        expectError(.malformedRequest, naming: ["'stable'", "'edge'", "withdraw"]) {
            try planner().plan(.promoteAll(from: "stable", to: "edge"))
        }
        expectError(.tierUnknown) { try planner().plan(.promoteAll(from: "edge", to: "nightly")) }
        expectError(.tierUnknown) { try planner().plan(.promoteAll(from: "nightly", to: "edge")) }
    }

    @Test func `a withdrawal takes a version out of the tier and every later one`() throws {
        #expect(try after(.withdraw(version: "9.1", tier: "candidate"), planner()).reach["9.1"] == "beta")
        #expect(
            try effects(.withdraw(version: "9.1", tier: "candidate"), planner())
                == [effect("candidate", [], ["9.1"]), effect("stable", [], ["9.1"])])
        #expect(try after(.withdraw(version: "9.1", tier: "edge"), planner()).reach["9.1"] == nil)
        #expect(try planner().plan(.withdraw(version: "107.2", tier: "stable")).isEmpty)
        #expect(try planner().plan(.withdraw(version: "108.1", tier: "edge")).isEmpty)
    }

    // MARK: Blocks

    @Test func `a block takes a version out of every tier, and keeps who said why`() throws {
        let plan = try planner().plan(.block(version: "107.1", reason: "it crashes"))
        #expect(plan.change.blocked == [Block(version: "107.1", reason: "it crashes", blocked: time, deployment: "here")])
        #expect(plan.change.reach == [])
        #expect(
            plan.effects.map { effect($0.tier, $0.appearing, $0.disappearing) }
                == [effect("edge", [], ["107.1"]), effect("beta", [], ["107.1"])])
    }

    @Test func `a block that is there already changes nothing, and one made upstream is joined by our own`() throws {
        let ours = planner { $0.state.blocks = [Block(version: "107.1", reason: "old", blocked: time, deployment: "here")] }
        #expect(try ours.plan(.block(version: "107.1", reason: "new")).isEmpty)
        let theirs = planner { $0.state.blocks = [Block(version: "107.1", reason: "old", blocked: time, deployment: "origin")] }
        let plan = try theirs.plan(.block(version: "107.1", reason: "new"))
        #expect(plan.change.blocked.map(\.deployment) == ["here"])
        #expect(plan.effects == [])
    }

    @Test(arguments: ["", "two\nlines", "two\r\nlines", String(repeating: "é", count: 501)])
    func `a block needs a reason of one line`(_ reason: String) {
        expectError(.malformedValue, naming: ["--reason"]) { try planner().plan(.block(version: "107.1", reason: reason)) }
    }

    @Test func `unblocking brings a version back to where it was`() throws {
        let planner = planner { $0.state.blocks = [Block(version: "107.1", reason: "x", blocked: time, deployment: "here")] }
        let plan = try planner.plan(.unblock(version: "107.1", reason: "fixed"))
        #expect(
            plan.effects.map { effect($0.tier, $0.appearing, $0.disappearing) }
                == [effect("edge", ["107.1"]), effect("beta", ["107.1"])])
        #expect(try self.planner().plan(.unblock(version: "107.1", reason: "")).isEmpty)
    }

    @Test func `what was blocked upstream is unblocked there`() throws {
        let theirs = Block(version: "107.1", reason: "x", blocked: time, deployment: "origin")
        expectError(.blockedUpstream, naming: ["origin", "patch unblock 107.1"]) {
            try planner { $0.state.blocks = [theirs] }.plan(.unblock(version: "107.1", reason: ""))
        }
        let both = planner {
            $0.state.blocks = [theirs, Block(version: "107.1", reason: "y", blocked: time, deployment: "here")]
        }
        let plan = try both.plan(.unblock(version: "107.1", reason: ""))
        #expect(plan.change.unblocked.map(\.deployment) == ["here"])
        #expect(plan.notes == ["107.1 stays blocked: deployment origin blocked it too."])
        #expect(plan.effects == [])
    }

    @Test func `a block can be lifted after its version's files are gone`() throws {
        let planner = planner {
            $0.versions.remove("107.1")
            $0.state.reach["107.1"] = nil
            $0.state.blocks = [Block(version: "107.1", reason: "x", blocked: time, deployment: "here")]
        }
        #expect(try planner.plan(.unblock(version: "107.1", reason: "")).change.unblocked.count == 1)
    }

    // MARK: Restore

    private func snapshot(
        _ tiers: [TierName], _ reach: [PatchVersion: TierName], unplaced: [PatchVersion]? = []
    ) -> TierSnapshot {
        TierSnapshot(id: 3, taken: time, reason: "sync-tiers", tiers: tiers, reach: reach, unplaced: unplaced)
    }

    @Test func `restoring brings back tiers and memberships`() throws {
        let snapshot = snapshot(["a", "b"], ["9.1": "b", "107.1": "a", "1.1": "b", "2.2": "a"])
        let plan = try planner().plan(restoring: snapshot, command: .restore(snapshot: 3))
        let state = try #require(plan.change.applied(to: situation.state))
        #expect(state.tiers == ["a", "b"])
        #expect(state.reach == ["9.1": "b", "107.1": "a", "107.2": "a"], "107.2 came later and is in the first tier")
        #expect(plan.notes == ["No longer in the catalogue, and so not restored: 1.1, 2.2."])
    }

    @Test func `restoring delivers nothing that is in no tier now and was in none then`() throws {
        let plan = try planner().plan(restoring: snapshot(["a", "b"], [:]), command: .restore(snapshot: 3))
        #expect(plan.change.applied(to: situation.state)?.reach["108.1"] == nil)
    }

    @Test func `restoring takes out of all tiers what was in none then, whatever tier it is in now`() throws {
        let snapshot = snapshot(["a", "b"], ["9.1": "b"], unplaced: ["1.1", "107.1", "108.1"])
        let plan = try planner().plan(restoring: snapshot, command: .restore(snapshot: 3))
        let state = try #require(plan.change.applied(to: situation.state))
        #expect(state.reach == ["9.1": "b", "107.2": "a"], "107.1 was withdrawn then, 107.2 came later")
        #expect(plan.notes == [])
    }

    @Test func `a snapshot that does not tell what was in no tier is restored as if that had come later`() throws {
        let snapshot = snapshot(["a", "b"], ["9.1": "b"], unplaced: nil)
        let plan = try planner().plan(restoring: snapshot, command: .restore(snapshot: 3))
        #expect(plan.change.applied(to: situation.state)?.reach == ["9.1": "b", "107.1": "a", "107.2": "a"])
    }

    @Test func `restoring keeps blocks, and is refused while tokens need the tiers that would go`() throws {
        let block = Block(version: "9.1", reason: "x", blocked: time, deployment: "here")
        let blocked = planner { $0.state.blocks = [block] }
        let plan = try blocked.plan(restoring: snapshot(["edge"], ["9.1": "edge"]), command: .restore(snapshot: 3))
        #expect(plan.change.applied(to: blocked.situation.state)?.blocks == [block])
        expectError(.tierInUse, naming: ["'t' (stable)", "revoke"]) {
            try planner { $0.tokens = ["t": "stable"] }
                .plan(restoring: snapshot(["edge"], [:]), command: .restore(snapshot: 3))
        }
    }
}
