import LivepatchAPI
import LivepatchConsole
import LivepatchKit

/// A plan in words: what each tier gains and loses, which tokens move, and what to know besides.
struct PlanText: Sendable {
    private let plan: TierPlan
    private let number: Int64?

    init(_ result: ChangeResultBody) {
        plan = result.plan
        number = result.change
    }

    func lines(on terminal: Terminal) -> [String] {
        [heading(on: terminal)] + (body(on: terminal) + plan.notes.map { "Note: \(PrintableText.line($0))" }).map { "  \($0)" }
    }

    /// How the change is taken back; `nil` if nothing was changed.
    var undoHint: String? { number.map { "To take it back: livepatch-admin undo \($0)" } }

    private func heading(on terminal: Terminal) -> String {
        let command = PrintableText.line(plan.command.description)
        if plan.isEmpty { return "\(command): there is nothing to change." }
        let strong = Style.strong.applied(to: command, on: terminal)
        return number.map { "\(strong): done, as change \($0)." } ?? "\(strong) would change this:"
    }

    private func body(on terminal: Terminal) -> [String] {
        let change = plan.change
        let texts =
            change.blocked.map { "blocks \($0.version) everywhere, here and below: \($0.reason)" }
            + change.unblocked.map { "unblocks \($0.version), which was blocked for: \($0.reason)" }
            + change.tokens.map { "moves the sync token '\($0.token)' from \($0.before) to \($0.after)" }
            + (change.authTokens ?? []).map { "moves the auth token '\($0.token)' from \($0.before) to \($0.after)" }
        return tierLines + effectLines(on: terminal) + placeLines + texts.map(PrintableText.line)
    }

    /// The list of tiers, old and new; a tier that gets another name is called that.
    private var tierLines: [String] {
        guard let tiers = plan.change.tiers else { return [] }
        if let renamed = plan.renamed { return ["renames the tier \(renamed.before) to \(renamed.after)"] }
        return ["tiers: \(names(tiers.before)) → \(names(tiers.after))"]
    }

    private func effectLines(on terminal: Terminal) -> [String] {
        let width = plan.effects.map { $0.tier.description.count }.max() ?? 0
        return plan.effects.map { effect in
            let name = effect.tier.description
            let parts = [
                part("gains", effect.appearing, .good, terminal), part("loses", effect.disappearing, .bad, terminal),
            ]
            return name + String(repeating: " ", count: width - name.count) + "  "
                + parts.compactMap { $0 }.joined(separator: "; ")
        }
    }

    private func part(_ verb: String, _ versions: [PatchVersion], _ style: Style, _ terminal: Terminal) -> String? {
        guard !versions.isEmpty else { return nil }
        let count = versions.count > 1 ? " \(versions.count):" : ""
        return "\(style.applied(to: verb, on: terminal))\(count) \(versions.map(\.description).joined(separator: ", "))"
    }

    /// Versions that change their place although no tier shows it, because they are blocked.
    private var placeLines: [String] {
        guard plan.change.tiers == nil else { return [] }
        let shown = Set(plan.effects.flatMap { $0.appearing + $0.disappearing })
        return plan.change.reach.filter { !shown.contains($0.version) }.map { change in
            let before = change.before?.description ?? "no tier"
            return
                "\(change.version) reaches \(change.after?.description ?? "no tier") instead of \(before), without being offered"
        }
    }

    private func names(_ tiers: [TierName]) -> String { tiers.map(\.description).joined(separator: ", ") }
}
