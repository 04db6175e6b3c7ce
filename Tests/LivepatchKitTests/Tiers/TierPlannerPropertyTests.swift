import FoundationEssentials
import LivepatchKit
import LivepatchTesting
import Testing

/// Random sequences of commands, and what must hold after every step of them.
@Suite struct TierPlannerPropertyTests {
    private static let names: [TierName] = ["edge", "beta", "candidate", "stable", "lts", "eu"]
    private static let versions: [PatchVersion] = ["9.1", "10.1", "107.1", "107.2", "108.1"]
    private static let time = Date(timeIntervalSince1970: 1_717_243_200)

    private static func command(_ random: inout SeededGenerator) -> TierCommand {
        let name = names.randomElement(using: &random) ?? "edge"
        let other = names.randomElement(using: &random) ?? "edge"
        let version = versions.randomElement(using: &random) ?? "9.1"
        let positions: [TierPosition] = [.last, .before(tier: other), .after(tier: other)]
        let position = positions.randomElement(using: &random) ?? .last
        switch Int.random(in: 0..<14, using: &random) {
        case 0: return .addTier(name: name, position: position)
        case 1: return .removeTier(name: name, force: Bool.random(using: &random))
        case 2: return .renameTier(name: name, newName: other)
        case 3, 4: return .moveTier(name: name, position: position)
        case 5, 6, 7: return .promote(version: version, tier: name)
        case 8: return .promoteAll(from: name, to: other)
        case 9, 10: return .withdraw(version: version, tier: name)
        case 11, 12: return .block(version: version, reason: "because")
        default: return .unblock(version: version, reason: "")
        }
    }

    private struct Step {
        let command: TierCommand
        let plan: TierPlan
        let before: TierPlanner.Situation
        let after: TierPlanner.Situation
        let number: Int
    }

    /// Carries out random commands from a seed and shows each that was not refused.
    private static func walk(seed: UInt64, steps: Int = 120, _ observe: (Step) throws -> Void) throws {
        var random = SeededGenerator(seed: seed)
        var situation = TierPlanner.Situation(
            state: TierState(reach: ["9.1": "stable", "10.1": "edge", "107.1": "beta"]), versions: Set(versions),
            tokens: ["a": "edge", "b": "stable"], deployment: "here")
        situation.state.blocks = [Block(version: "10.1", reason: "theirs", blocked: time, deployment: "origin")]
        for number in 0..<steps {
            let command = command(&random)
            let plan: TierPlan
            do {
                plan = try TierPlanner(situation, now: time).plan(command)
            } catch {
                #expect(error is LivepatchError, "\(command): \(error)")
                continue
            }
            let before = situation
            situation.state = try #require(plan.change.applied(to: before.state), "\(command)")
            for move in plan.change.tokens {
                #expect(situation.tokens[move.token] == move.before)
                situation.tokens[move.token] = move.after
            }
            try observe(Step(command: command, plan: plan, before: before, after: situation, number: number))
        }
    }

    private static let seeds = Array(UInt64(1)...60)

    @Test(arguments: seeds) func `a tier never holds or offers what an earlier one lacks`(seed: UInt64) throws {
        try Self.walk(seed: seed) { step in
            let state = step.after.state
            for (earlier, later) in zip(state.tiers, state.tiers.dropFirst()) {
                #expect(Set(state.members(of: later)).isSubset(of: state.members(of: earlier)), "\(step.command)")
                #expect(Set(state.offered(in: later)).isSubset(of: state.offered(in: earlier)), "\(step.command)")
            }
        }
    }

    @Test(arguments: seeds) func `names stay unique, memberships name tiers, tokens have tiers, some tier is left`(seed: UInt64)
        throws
    {
        try Self.walk(seed: seed) { step in
            let state = step.after.state
            #expect(!state.tiers.isEmpty)
            #expect(Set(state.tiers).count == state.tiers.count)
            #expect(state.reach.values.allSatisfy(state.tiers.contains))
            #expect(step.after.tokens.values.allSatisfy(state.tiers.contains), "\(step.command)")
            #expect(state.blocks == state.blocks.sorted())
        }
    }

    @Test(arguments: seeds) func `what is blocked is offered nowhere`(seed: UInt64) throws {
        try Self.walk(seed: seed) { step in
            for block in step.after.state.blocks {
                for tier in step.after.state.tiers {
                    #expect(!step.after.state.offers(block.version, in: tier))
                    #expect(!step.after.state.offered(in: tier).contains(block.version))
                }
            }
            #expect(step.after.state.isBlocked("10.1"), "only its origin lifts the block")
        }
    }

    @Test(arguments: seeds) func `every change is reversed exactly by its inverse`(seed: UInt64) throws {
        try Self.walk(seed: seed) { step in
            #expect(step.plan.change.inverse.applied(to: step.after.state) == step.before.state, "\(step.command)")
            #expect(step.plan.change.inverse.inverse == step.plan.change)
        }
    }

    @Test(arguments: seeds) func `every change can be undone at once, and that can be undone`(seed: UInt64) throws {
        try Self.walk(seed: seed) { step in
            guard !step.plan.isEmpty else { return }
            func record(_ change: TierChange) -> ChangeRecord {
                ChangeRecord(
                    id: 1, time: Self.time, actor: "a", action: "", reason: nil, change: change, undoes: nil, undoneBy: nil)
            }
            let undo = try TierPlanner(step.after, now: Self.time).plan(
                undoing: record(step.plan.change), command: .undo(change: 1))
            #expect(undo.change.applied(to: step.after.state) == step.before.state, "\(step.command)")
            let redo = try TierPlanner(step.before, now: Self.time).plan(undoing: record(undo.change), command: .undo(change: 1))
            #expect(redo.change.applied(to: step.before.state) == step.after.state, "\(step.command)")
            #expect(Set(redo.change.tokens.map(\.token)) == Set(step.plan.change.tokens.map(\.token)))
        }
    }

    @Test(arguments: seeds) func `an undo, however late, shows nothing in a tier where it was not put`(seed: UInt64) throws {
        var records: [(ChangeRecord, before: TierState)] = []
        var undone = 0
        try Self.walk(seed: seed) { step in
            // All of them now and then, and the latest ones always.
            for (record, before) in step.number.isMultiple(of: 10) ? records[...] : records.suffix(5) {
                let planner = TierPlanner(step.after, now: Self.time)
                guard let undo = try? planner.plan(undoing: record, command: .undo(change: record.id)) else { continue }
                undone += 1
                let now = step.after.state
                let after = try #require(undo.change.applied(to: now))
                #expect(after.reach.values.allSatisfy(after.tiers.contains))
                for tier in after.tiers where now.tiers.contains(tier) {
                    let appearing = Set(after.members(of: tier)).subtracting(now.members(of: tier))
                    #expect(appearing.isSubset(of: before.members(of: tier)), "\(record.action), undone after \(step.command)")
                }
                if undo.renamed != nil { #expect(undo.effects == []) }
            }
            guard !step.plan.isEmpty else { return }
            let record = ChangeRecord(
                id: Int64(step.number), time: Self.time, actor: "a", action: step.command.description, reason: nil,
                change: step.plan.change, undoes: nil, undoneBy: nil)
            records.append((record, before: step.before.state))
        }
        #expect(undone > 100)
    }

    @Test(arguments: seeds) func `changes of tiers make nothing appear in a tier that was there before`(seed: UInt64) throws {
        try Self.walk(seed: seed) { step in
            switch step.command {
            case .addTier, .moveTier, .removeTier:
                for tier in step.after.state.tiers where step.before.state.tiers.contains(tier) {
                    #expect(
                        Set(step.after.state.offered(in: tier)).isSubset(of: step.before.state.offered(in: tier)),
                        "\(step.command)")
                }
            case .renameTier(let name, let newName):
                for tier in step.after.state.tiers {
                    let old = tier == newName ? name : tier
                    #expect(step.after.state.offered(in: tier) == step.before.state.offered(in: old), "\(step.command)")
                }
            default: break
            }
        }
    }

    @Test(arguments: seeds) func `a plan's effects are what observation shows`(seed: UInt64) throws {
        try Self.walk(seed: seed) { step in
            var before = step.before.state
            if case .renameTier(let name, let newName) = step.command, name != newName {
                #expect(step.plan.renamed?.before == name && step.plan.renamed?.after == newName)
                before.tiers = before.tiers.map { $0 == name ? newName : $0 }
                before.reach = before.reach.mapValues { $0 == name ? newName : $0 }
            } else {
                #expect(step.plan.renamed == nil)
            }
            for tier in Set(before.tiers + step.after.state.tiers) {
                let old = Set(before.offered(in: tier))
                let new = Set(step.after.state.offered(in: tier))
                let effect = step.plan.effects.first { $0.tier == tier }
                #expect(Set(effect?.appearing ?? []) == new.subtracting(old), "\(step.command)")
                #expect(Set(effect?.disappearing ?? []) == old.subtracting(new), "\(step.command)")
            }
            #expect(step.plan.isEmpty == (step.before.state == step.after.state && step.before.tokens == step.after.tokens))
        }
    }

    @Test(arguments: seeds) func `a plan says the same after a journey through JSON`(seed: UInt64) throws {
        try Self.walk(seed: seed, steps: 30) { step in
            let again = try DocumentCoding.decode(TierPlan.self, from: DocumentCoding.encode(step.plan))
            #expect(again == step.plan)
        }
    }

    @Test func `the walks are not empty: each kind of command is carried out many times`() throws {
        var counts: [String: Int] = [:]
        for seed in Self.seeds {
            try Self.walk(seed: seed) { step in
                let words = step.command.description.split(separator: " ").prefix(2).joined(separator: " ")
                counts[words, default: 0] += step.plan.isEmpty ? 0 : 1
            }
        }
        #expect(counts.count == 9, "\(counts)")
        for (command, count) in counts { #expect(count > 20, "\(command)") }
    }
}
