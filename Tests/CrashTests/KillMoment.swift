import LivepatchKit
import PatchGenerator
import Processes

/// When a process is killed: some time into its work, or as soon as the work has come that far.
enum KillMoment: Hashable, Sendable, CustomStringConvertible {
    /// So long after the work may begin.
    case after(Duration)
    /// When so much more has arrived in the staging area, in bytes.
    case staged(Int64)
    /// When so many requests have been made.
    case request(Int)
    /// So long after nothing is left in the staging area: around the switch to the new view.
    case emptied(Duration)

    static func random(using random: inout SeededRandom) -> KillMoment {
        switch Int.random(in: 0..<10, using: &random) {
        case 0...3: .after(.microseconds(Int.random(in: 0...350_000, using: &random)))
        case 4...6: .staged(Int64.random(in: 1...400_000, using: &random))
        case 7: .request(Int.random(in: 1...10, using: &random))
        default: .emptied(.microseconds(Int.random(in: 0...20_000, using: &random)))
        }
    }

    /// Returns when the moment has come, or when the work has had time enough to be over without it.
    func wait(for upstream: ObservedUpstream, _ storage: StorageFiles) async throws {
        let total = { storage.staged().values.reduce(0, +) }
        let before = total()
        let end = ContinuousClock.now + .seconds(1)
        let condition: () -> Bool
        switch self {
        case .after(let time):
            return try await Task.sleep(for: time)
        case .staged(let bytes): condition = { total() >= before + bytes }
        case .request(let count): condition = { upstream.requests.count >= count }
        case .emptied: condition = { !upstream.fetches.isEmpty && storage.staged().isEmpty }
        }
        while !condition(), ContinuousClock.now < end { try await Task.sleep(for: .milliseconds(1)) }
        if case .emptied(let time) = self { try await Task.sleep(for: time) }
    }

    var description: String {
        switch self {
        case .after(let time): "after \(time)"
        case .staged(let bytes): "at \(bytes) more staged bytes"
        case .request(let count): "at request \(count)"
        case .emptied(let time): "\(time) after the last file came to its place"
        }
    }
}

/// Where the randomness of a test comes from: said at its start, so that a failure can be repeated.
enum Seed {
    /// `LIVEPATCH_TEST_SEED`, or a new one.
    static func take(for test: String, _ environment: [String: String]) -> SeededRandom {
        let seed = environment["LIVEPATCH_TEST_SEED"].flatMap(UInt64.init) ?? UInt64.random(in: 0...999_999)
        print("\(test): LIVEPATCH_TEST_SEED=\(seed)")
        return SeededRandom(seed: seed, name: test)
    }
}
