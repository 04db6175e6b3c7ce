/// What the reverse of a recorded change leads to, given all that has happened since.
///
/// What the change touched must be as the change left it, and goes back to where it was. Nothing is shown in a tier where nobody put
/// it: where the list of tiers goes back, a version that the change did not touch keeps, of the tiers that it is in, those up to
/// the first in the old order that it is not in. A tier that comes back holds what the tiers after it hold, as a new one does.
struct TierUndo {
    private let record: ChangeRecord
    private let change: TierChange
    private let situation: TierPlanner.Situation

    /// - Throws: ``LivepatchError`` with the code `not-undoable` if it is not a record that can be undone.
    init(_ record: ChangeRecord, in situation: TierPlanner.Situation) throws {
        guard let change = record.change else {
            throw LivepatchError(
                .notUndoable,
                "Change \(record.id) (\(record.action)) did not change tiers or blocks, so there is nothing to undo.",
                suggestion: "See `livepatch-admin history` for the changes that can be undone.")
        }
        if record.isUpstreams {
            throw LivepatchError(
                .notUndoable, "Change \(record.id) (\(record.action)) was decided upstream, and can only be reversed there.",
                suggestion: "Undo it on the server where it was made; the next sync brings that here.")
        }
        if let undoing = record.undoneBy {
            throw LivepatchError(
                .notUndoable, "Change \(record.id) (\(record.action)) was undone already, by change \(undoing).",
                suggestion: "Undo change \(undoing) to do it again.")
        }
        self.record = record
        self.change = change
        self.situation = situation
    }

    /// The name that a tier has now and the one that it gets back, if the change renamed it.
    func renaming() throws -> TierChange.Renaming? {
        guard let renaming = change.inverse.renaming else { return nil }
        let tiers = situation.state.tiers
        guard tiers.contains(renaming.before) else { throw refusal("there is no tier '\(renaming.before)' any more") }
        guard !tiers.contains(renaming.after) else {
            throw refusal(
                "another tier is called '\(renaming.after)' by now",
                suggestion: "Give that one another name first, with `livepatch-admin tier rename`.")
        }
        return renaming
    }

    /// Tiers, memberships and blocks afterwards, and what to know about them.
    func state() throws -> (TierState, notes: [String]) {
        let inverse = change.inverse
        var after = situation.state
        if let tiers = inverse.tiers {
            guard after.tiers == tiers.before else {
                throw refusal("the tiers were \(Self.list(tiers.before)) after it, and are \(Self.list(after.tiers)) now")
            }
            after.tiers = tiers.after
        }
        for reach in inverse.reach { after.reach[reach.version] = try place(for: reach, in: after.tiers) }
        var narrowed: [PatchVersion] = []
        if inverse.tiers != nil { narrowed = try fitOthers(into: &after, besides: Set(inverse.reach.map(\.version))) }
        guard let blocks = inverse.blocks(appliedTo: after.blocks) else {
            let versions = (change.blocked + change.unblocked).map(\.version)
            throw refusal("the blocks of \(Self.list(versions)) have changed again since")
        }
        after.blocks = blocks
        let note =
            "Placed after that change, and so not kept in tiers that come, in the order which is back, after one where nobody put them: \(Self.list(narrowed))."
        return (after, narrowed.isEmpty ? [] : [note])
    }

    /// The sync tokens that go back to where they were; those that are gone stay so.
    func tokens() throws -> [TierChange.TokenMove] {
        try returning(change.inverse.tokens, among: situation.tokens, "sync token")
    }

    /// The auth tokens that go back to where they were; those that are gone stay so.
    func authTokens() throws -> [TierChange.TokenMove] {
        try returning(change.inverse.authTokens ?? [], among: situation.authTokens, "auth token")
    }

    private func returning(
        _ moves: [TierChange.TokenMove], among tokens: [String: TierName], _ kind: String
    ) throws -> [TierChange.TokenMove] {
        try moves.filter { move in
            guard let tier = tokens[move.token] else { return false }
            guard tier == move.before else {
                throw refusal("the \(kind) '\(move.token)' is in tier '\(tier)' by now, and was in '\(move.before)' after it")
            }
            return true
        }
    }

    /// The last tier that a version reaches which the change touched: the one before the change.
    private func place(for reach: TierChange.ReachChange, in tiers: [TierName]) throws -> TierName? {
        let version = reach.version
        let now = situation.state.reach[version]
        guard now == reach.before else {
            throw refusal("\(version) has been moved again since, and reaches \(now.map { "'\($0)'" } ?? "no tier") by now")
        }
        guard let target = reach.after else { return nil }
        guard situation.versions.contains(version) else { throw refusal("\(version) is no longer in the catalogue") }
        guard tiers.contains(target) else { throw refusal("there is no tier '\(target)' any more, which \(version) was in") }
        let held = Self.tiers(upTo: target, in: change.tiers?.before ?? change.order ?? tiers)
            .union(situation.state.tiers(holding: version))
        let strange = Self.tiers(upTo: target, in: tiers).subtracting(held).intersection(situation.state.tiers)
        if !strange.isEmpty {
            throw refusal(
                "the tiers before '\(target)' have changed since, and \(version) would appear in \(Self.list(tiers.filter(strange.contains))), where nobody put it",
                suggestion: "Put it where it should be with `livepatch-admin patch promote \(version) TIER`.")
        }
        return target
    }

    /// Lets versions that the change did not touch keep no more than the tiers that they are in.
    /// - Returns: the versions that leave tiers which stay.
    private func fitOthers(into after: inout TierState, besides touched: Set<PatchVersion>) throws -> [PatchVersion] {
        let (before, tiers) = (situation.state, after.tiers)
        let existing = Set(before.tiers)
        let others = before.reach.filter { !touched.contains($0.key) }
        let stranded = others.filter { !tiers.contains($0.value) }
        if let tier = stranded.values.min(by: { $0.rawValue < $1.rawValue }) {
            let versions = stranded.filter { $0.value == tier }.keys.sorted()
            throw refusal(
                "\(Self.list(versions)) came to tier '\(tier)' since, which would be gone",
                suggestion: "Withdraw that from the tier first, or use `livepatch-admin tier remove \(tier)`.")
        }
        for version in others.keys {
            let held = Set(before.tiers(holding: version))
            after.reach[version] = tiers.prefix { held.contains($0) || !existing.contains($0) }.last(where: held.contains)
        }
        return others.keys.filter { version in
            !Set(before.tiers(holding: version)).intersection(tiers).isSubset(of: after.tiers(holding: version))
        }.sorted()
    }

    private func refusal(
        _ reason: String, suggestion: String = "Undo the later changes first; `livepatch-admin history` lists them."
    ) -> LivepatchError {
        LivepatchError(
            .notUndoable, "Change \(record.id) (\(record.action)) cannot be undone: \(reason).", suggestion: suggestion)
    }

    private static func tiers(upTo last: TierName, in tiers: [TierName]) -> Set<TierName> {
        tiers.firstIndex(of: last).map { Set(tiers[...$0]) } ?? []
    }

    private static func list(_ values: [some CustomStringConvertible]) -> String {
        values.map(\.description).joined(separator: ", ")
    }
}
