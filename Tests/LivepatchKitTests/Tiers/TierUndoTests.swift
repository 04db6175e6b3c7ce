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
        expectError(.notUndoable, naming: ["7", "the command", "history"]) { try undo(change, in: situation(later)) }
    }

    @Test func `what needs a tier that is gone cannot be undone`() throws {
        let (change, after) = try plan(.promote(version: "107.1", tier: "stable"), before)
        let (_, later) = try plan(.removeTier(name: "beta", force: false), after)
        expectError(.notUndoable) { try undo(change, in: situation(later)) }
    }

    @Test func `what needs a version that is gone cannot be undone`() throws {
        let (change, after) = try plan(.withdraw(version: "107.2", tier: "edge"), before)
        var situation = situation(after)
        situation.versions.remove("107.2")
        expectError(.notUndoable) { try undo(change, in: situation) }
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
        expectError(.notUndoable) { try undo(change, in: situation(after, tokens: ["a": "edge", "b": "stable"])) }
    }

    @Test func `undoing a new tier is refused while tokens refer to it`() throws {
        let (change, after) = try plan(.addTier(name: "lts", position: .last), before)
        expectError(.tierInUse, naming: ["'t' (lts)"]) { try undo(change, in: situation(after, tokens: ["t": "lts"])) }
        #expect(try undo(change, in: situation(after, tokens: ["t": "edge"])).change.applied(to: after) == before)
    }

    @Test func `undoing a new name is refused while later versions or tokens are in the tier`() throws {
        let (change, after) = try plan(.renameTier(name: "edge", newName: "dev"), before)
        expectError(.tierInUse) { try undo(change, in: situation(after, tokens: ["t": "dev"])) }
        var later = after
        later.reach["107.3"] = "dev"
        expectError(.notUndoable) { try undo(change, in: situation(later)) }
    }

    @Test func `undoing an unblocking is refused where the version was blocked anew`() throws {
        let old = Block(version: "9.1", reason: "old", blocked: time, deployment: "here")
        var blocked = before
        blocked.blocks = [old]
        let (change, after) = try plan(.unblock(version: "9.1", reason: ""), blocked)
        #expect(try undo(change, in: situation(after)).change.applied(to: after) == blocked)
        let (_, anew) = try plan(.block(version: "9.1", reason: "new"), after)
        expectError(.notUndoable) { try undo(change, in: situation(anew)) }
    }
}
