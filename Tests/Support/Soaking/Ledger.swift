import LivepatchKit
import Synchronization

/// What was said to have been done, by whom it may be asked for later.
final class Ledger: Sendable {
    /// What is known of a machine's report.
    struct Report: Sendable {
        var acknowledged: MachineReport?
        /// What was sent without an answer since, and shortly before.
        var possible: [(report: MachineReport, sent: ContinuousClock.Instant)] = []
    }

    private struct State {
        var truths: [PatchFileName: [UInt8]] = [:]
        var imported: Set<PatchFileName> = []
        /// By place and number: the command.
        var changes: [String: [Int64: String]] = [:]
        /// Versions that are blocked for certain, by place, and since which of all blocks.
        var blocked: [String: [PatchVersion: Int]] = [:]
        var blocks = 0
        var reports: [Int: Report] = [:]
        var tokens: [String: Bool] = [:]
    }

    private let state = Mutex(State())

    // MARK: Files

    /// The bytes of a file, before anybody has them.
    func know(_ name: PatchFileName, _ bytes: [UInt8]) { state.withLock { $0.truths[name] = bytes } }

    func acknowledge(import name: PatchFileName) { state.withLock { _ = $0.imported.insert(name) } }

    func truth(of name: PatchFileName) -> [UInt8]? { state.withLock { $0.truths[name] } }
    var known: [PatchFileName] { state.withLock { $0.truths.keys.sorted() } }
    var imported: Set<PatchFileName> { state.withLock { $0.imported } }

    // MARK: Changes

    func acknowledge(change: Int64, _ command: TierCommand, at place: String) {
        state.withLock { $0.changes[place, default: [:]][change] = command.description }
    }

    func changes(at place: String) -> [Int64: String] { state.withLock { $0.changes[place] ?? [:] } }

    // MARK: Blocks

    /// From now on nobody may get a version at a place.
    func block(_ version: PatchVersion, at place: String) {
        state.withLock { state in
            state.blocks += 1
            state.blocked[place, default: [:]][version] = state.blocks
        }
    }

    /// From now on it is not known whether anybody may.
    func forget(blockOf version: PatchVersion, at place: String) { state.withLock { $0.blocked[place]?[version] = nil } }

    /// What stays the same as long as a version is blocked without a break; `nil` if it may not be.
    func blockade(of version: PatchVersion, at place: String) -> Int? { state.withLock { $0.blocked[place]?[version] } }

    func blocked(at place: String) -> [PatchVersion] { state.withLock { ($0.blocked[place] ?? [:]).keys.sorted() } }

    // MARK: Machines and tokens

    func send(_ report: MachineReport, of machine: Int) {
        state.withLock { $0.reports[machine, default: Report()].possible.append((report, .now)) }
    }

    /// The report that was sent last was answered. One that was cut off shortly before may still be on its way.
    func acknowledge(reportOf machine: Int) {
        state.withLock { state in
            guard var known = state.reports[machine], let last = known.possible.popLast() else { return }
            known.acknowledged = last.report
            known.possible.removeAll { $0.sent < .now - .seconds(20) }
            state.reports[machine] = known
        }
    }

    func report(of machine: Int) -> Report? { state.withLock { $0.reports[machine] } }

    /// - Parameter isGood: whether the token opens something from now on; `nil` if that is not known.
    func note(token secret: String, isGood: Bool?) { state.withLock { $0.tokens[secret] = isGood } }

    var tokens: [String: Bool] { state.withLock { $0.tokens } }
}
