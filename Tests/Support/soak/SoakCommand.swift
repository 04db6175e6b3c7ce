import ArgumentParser
import Foundation
import Soaking

/// Has servers under load and faults for a while, and says which promises they broke.
@main struct SoakCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "soak",
        abstract: "Load and faults at once, then a look at every promise.",
        discussion: """
            Starts an origin, a server, two servers below it, machines and
            administrators on loopback, and ends them. The exit status is 1 if a promise
            was broken. A seed repeats what is random, not when it happens.
            """)

    @Option(help: "How long, in seconds.")
    var seconds = 180

    @Option(help: "What all that is random follows from; a new one by default.")
    var seed: UInt64?

    @Option(help: "How many machines there are.")
    var machines = 24

    @Option(help: "Break a promise on purpose: tamper, unblock or forget. It has to be noticed.")
    var sabotage: [String] = []

    func run() async throws {
        let sabotage = try sabotage.map { name in
            guard let sabotage = SoakPlan.Sabotage(rawValue: name) else {
                throw ValidationError("There is no sabotage '\(name)'.")
            }
            return sabotage
        }
        let plan = SoakPlan(
            seconds: seconds, seed: seed ?? UInt64.random(in: 0...999_999), machines: machines, sabotage: sabotage)
        let result = try await Soak.run(plan, say: Self.say)
        for (what, count) in result.counts.sorted(by: { $0.key < $1.key }) { Self.say("  \(count) \(what)") }
        for breach in result.breaches { Self.say("✗ \(breach)") }
        guard result.breaches.isEmpty else {
            Self.say("\(result.breaches.count) breaches; again with: make soak SOAK_SEED=\(plan.seed)")
            throw ExitCode(1)
        }
        Self.say("Every promise held.")
    }

    /// At once, also where nobody sits at a terminal.
    private static func say(_ line: String) { FileHandle.standardOutput.write(Data("\(line)\n".utf8)) }
}
