import FoundationEssentials
import LivepatchKit
import Testing

@Suite struct TierUndoTests {
    private let time = Date(timeIntervalSince1970: 1_717_243_200)

    private func situation(_ state: TierState, tokens: [String: TierName] = [:]) -> TierPlanner.Situation {
        .init(state: state, versions: ["9.1", "107.1", "107.2"], tokens: tokens, deployment: "here")
    }

    private let before = TierState(reach: ["9.1": "stable", "107.1": "beta", "107.2": "edge"])

    private func record(_ change: TierChange?, undoneBy: Int64? = nil) -> ChangeRecord {
        ChangeRecord(
            id: 7, time: time, actor: "alice", action: "the command", reason: nil, change: change, undoes: nil, undoneBy: undoneBy
        )
    }

    private func undo(_ change: TierChange?, in situation: TierPlanner.Situation, undoneBy: Int64? = nil) throws -> TierPlan {
        try TierPlanner(situation, now: time).plan(undoing: record(change, undoneBy: undoneBy), command: .undo(change: 7))
    }

    private func plan(_ command: TierCommand, _ state: TierState, tokens: [String: TierName] = [:]) throws -> (
        TierChange, TierState
    ) {
        let change = try TierPlanner(situation(state, tokens: tokens), now: time).plan(command).change
        return (change, try #require(change.applied(to: state)))
    }

    @Test func `an undo brings back what was, and undoing that does it again`() throws {
        let (change, after) = try plan(.promote(version: "107.2", tier: "stable"), before)
        let undone = try undo(change, in: situation(after)).change
        #expect(undone.applied(to: after) == before)
        let redone = try undo(undone, in: situation(before)).change
        #expect(redone == change)
    }

    @Test func `later changes of other things do not stand in the way`() throws {
        let (change, after) = try plan(.promote(version: "107.2", tier: "stable"), before)
        let (_, later) = try plan(.withdraw(version: "9.1", tier: "beta"), after)
        let undone = try undo(change, in: situation(later)).change.applied(to: later)
        #expect(undone?.reach == ["9.1": "edge", "107.1": "beta", "107.2": "edge"])
    }

    @Test func `later changes of the same thing do`() throws {
        let (change, after) = try plan(.promote(version: "107.2", tier: "stable"), before)
        let (_, later) = try plan(.withdraw(version: "107.2", tier: "stable"), after)
        expectError(.notUndoable, naming: ["7", "the command", "107.2", "reaches 'candidate'", "history"]) {
            try undo(change, in: situation(later))
        }
    }

    @Test func `what needs a tier that is gone cannot be undone`() throws {
        let (change, after) = try plan(.promote(version: "107.1", tier: "stable"), before)
        let (_, later) = try plan(.removeTier(name: "beta", force: false), after)
        expectError(.notUndoable, naming: ["no tier 'beta'", "107.1"]) { try undo(change, in: situation(later)) }
    }

    @Test func `what needs a version that is gone cannot be undone`() throws {
        let (change, after) = try plan(.withdraw(version: "107.2", tier: "edge"), before)
        var situation = situation(after)
        situation.versions.remove("107.2")
        expectError(.notUndoable, naming: ["107.2 is no longer in the catalogue"]) { try undo(change, in: situation) }
    }

    @Test func `a change is undone once`() throws {
        let (change, after) = try plan(.promote(version: "107.2", tier: "stable"), before)
        expectError(.notUndoable, naming: ["by change 9", "Undo change 9"]) {
            try undo(change, in: situation(after), undoneBy: 9)
        }
    }

    @Test func `what changed neither tiers nor blocks cannot be undone`() {
        expectError(.notUndoable, naming: ["did not change tiers or blocks"]) { try undo(nil, in: situation(before)) }
    }

    @Test func `tokens move back with their tier, except those that are gone or elsewhere since`() throws {
        let (change, after) = try plan(.removeTier(name: "beta", force: true), before, tokens: ["a": "beta", "b": "beta"])
        let back = try undo(change, in: situation(after, tokens: ["a": "edge", "b": "edge"]))
        #expect(back.change.tokens.map { "\($0.token): \($0.before) → \($0.after)" } == ["a: edge → beta", "b: edge → beta"])
        let revoked = try undo(change, in: situation(after, tokens: ["a": "edge"]))
        #expect(revoked.change.tokens.map(\.token) == ["a"])
        expectError(.notUndoable, naming: ["'b'", "'stable'", "'edge'"]) {
            try undo(change, in: situation(after, tokens: ["a": "edge", "b": "stable"]))
        }
    }

    @Test func `undoing a new tier is refused while tokens refer to it`() throws {
        let (change, after) = try plan(.addTier(name: "lts", position: .last), before)
        expectError(.tierInUse, naming: ["'t' (lts)"]) { try undo(change, in: situation(after, tokens: ["t": "lts"])) }
        #expect(try undo(change, in: situation(after, tokens: ["t": "edge"])).change.applied(to: after) == before)
    }

    @Test func `a new name is taken back with all that came to the tier and its tokens since`() throws {
        let (change, renamed) = try plan(.renameTier(name: "edge", newName: "dev"), before, tokens: ["a": "edge"])
        var later = renamed
        later.reach["107.3"] = "dev"
        later.reach["107.2"] = "stable"
        later.tiers = ["early", "dev", "beta", "candidate", "stable"]
        let undone = try undo(change, in: situation(later, tokens: ["a": "dev", "b": "dev", "c": "beta"]))
        let after = try #require(undone.change.applied(to: later))
        #expect(after.tiers == ["early", "edge", "beta", "candidate", "stable"])
        #expect(after.reach == ["9.1": "stable", "107.1": "beta", "107.2": "stable", "107.3": "edge"])
        #expect(undone.change.tokens.map(\.token) == ["a", "b"])
        #expect(undone.renamed?.before == "dev" && undone.renamed?.after == "edge")
        #expect(undone.effects == [])
    }

    @Test func `a new name is not taken back when the tier is gone, or another one has the old name`() throws {
        let (change, renamed) = try plan(.renameTier(name: "beta", newName: "preview"), before)
        let (_, without) = try plan(.removeTier(name: "preview", force: false), renamed)
        expectError(.notUndoable, naming: ["no tier 'preview'"]) { try undo(change, in: situation(without)) }
        let (_, taken) = try plan(.addTier(name: "beta", position: .last), renamed)
        expectError(.notUndoable, naming: ["another tier is called 'beta'", "tier rename"]) {
            try undo(change, in: situation(taken))
        }
    }

    // MARK: Nothing appears where nobody put it

    @Test func `what came after a tier had moved keeps no more than the tiers it is in when that is undone`() throws {
        let (change, moved) = try plan(.moveTier(name: "stable", position: .before(tier: "edge")), before)
        #expect(moved.tiers == ["stable", "edge", "beta", "candidate"])
        var later = moved
        later.reach["107.3"] = "stable"
        later.reach["107.4"] = "beta"
        let undone = try undo(change, in: situation(later))
        let after = try #require(undone.change.applied(to: later))
        // 107.3 was in no tier but stable, 107.4 in stable, edge and beta.
        #expect(after.reach == ["9.1": "stable", "107.1": "beta", "107.2": "edge", "107.4": "beta"])
        #expect(undone.notes.contains { $0.contains("107.3, 107.4") })
        #expect(undone.effects.map(\.tier) == ["edge", "beta", "stable"])
        #expect(undone.effects.allSatisfy { !$0.appearing.contains("107.3") && !$0.appearing.contains("107.4") })
    }

    @Test func `what lost an earlier tier by a move and kept its last has it back, and what came since does not`() throws {
        let (change, moved) = try plan(.moveTier(name: "edge", position: .last), before)
        #expect(moved.tiers == ["beta", "candidate", "stable", "edge"])
        #expect(moved.reach == ["9.1": "edge", "107.1": "beta"], "107.1 has lost edge, and still reaches beta")
        var later = moved
        later.reach["107.3"] = "beta"
        let undone = try undo(change, in: situation(later))
        let after = try #require(undone.change.applied(to: later))
        #expect(after.tiers(holding: "107.1") == ["edge", "beta"])
        #expect(after.tiers(holding: "107.3") == [], "nobody put it into edge, and no other tier is before it")
    }

    @Test func `a tier that comes back holds what the tiers after it hold, and nothing else`() throws {
        let (change, removed) = try plan(.removeTier(name: "beta", force: false), before)
        var later = removed
        later.reach["107.3"] = "edge"
        later.reach["107.4"] = "candidate"
        let undone = try undo(change, in: situation(later))
        let after = try #require(undone.change.applied(to: later))
        #expect(after.members(of: "beta") == ["9.1", "107.1", "107.4"])
        #expect(undone.effects.map(\.tier) == ["beta"])
        #expect(undone.notes == [])
    }

    @Test func `a new tier is not undone away from under what came to it since`() throws {
        let (change, added) = try plan(.addTier(name: "canary", position: .before(tier: "edge")), before)
        var later = added
        later.reach["107.3"] = "canary"
        expectError(.notUndoable, naming: ["107.3", "'canary'", "tier remove canary"]) { try undo(change, in: situation(later)) }
    }

    @Test func `a withdrawal taken back puts nothing into a tier that came between, or before`() throws {
        let (change, withdrawn) = try plan(.withdraw(version: "107.1", tier: "edge"), before)
        var between = withdrawn
        between.tiers = ["edge", "canary", "beta", "candidate", "stable"]
        expectError(.notUndoable, naming: ["107.1", "canary", "nobody put it", "patch promote 107.1"]) {
            try undo(change, in: situation(between))
        }
        var first = withdrawn
        first.tiers = ["candidate", "edge", "beta", "stable"]
        expectError(.notUndoable, naming: ["candidate"]) { try undo(change, in: situation(first)) }
        var behind = withdrawn
        behind.tiers = ["edge", "beta", "candidate", "canary", "stable"]
        #expect(try undo(change, in: situation(behind)).change.applied(to: behind)?.reach == before.reach)
    }

    @Test func `a change that an earlier release recorded can be undone`() throws {
        let json =
            #"{"blocked":[],"reach":[{"after":"stable","before":"edge","version":"107.2"}],"tokens":[],"unblocked":[]}"#
        let change = try DocumentCoding.decode(TierChange.self, from: Array(json.utf8))
        var after = before
        after.reach["107.2"] = "stable"
        #expect(try undo(change, in: situation(after)).change.applied(to: after) == before)
    }

    @Test func `undoing an unblocking is refused where the version was blocked anew`() throws {
        let old = Block(version: "9.1", reason: "old", blocked: time, deployment: "here")
        var blocked = before
        blocked.blocks = [old]
        let (change, after) = try plan(.unblock(version: "9.1", reason: ""), blocked)
        #expect(try undo(change, in: situation(after)).change.applied(to: after) == blocked)
        let (_, anew) = try plan(.block(version: "9.1", reason: "new"), after)
        expectError(.notUndoable, naming: ["blocks of 9.1"]) { try undo(change, in: situation(anew)) }
    }
}
