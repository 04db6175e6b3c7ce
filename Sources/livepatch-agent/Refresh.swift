import ArgumentParser
import FoundationEssentials
import LivepatchAPI
import LivepatchConsole
import LivepatchFiles
import LivepatchKit

struct Refresh: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "refresh", abstract: "Asks the server now, and does what is to be done.",
        discussion: """
            The service may be running at the same time; it watches over the patch afterwards. With --dry-run everything is done but \
            changing the kernel: the server is asked, what it offers is verified, fetched and inspected.

            Examples:
              livepatch-agent refresh
              livepatch-agent refresh --dry-run
              livepatch-agent refresh --force
            """)

    @Flag(help: "Do everything but change the kernel.")
    var dryRun = false

    @Flag(help: "Try a patch again that took the machine down.")
    var force = false

    @OptionGroup var options: AgentOptions

    func run() async throws {
        let console = Console.standard()
        let logger = options.logger(on: console)
        let outcome = try await AttachedAgent.with(options, logger: logger) {
            try await $0.agent.round(force: force, isDryRun: dryRun)
        }
        for warning in outcome.answer?.warnings ?? [] { console.warn(warning.message) }
        for note in outcome.notes { console.note(note) }
        if let error = outcome.checkInFailure { throw error }
        if let words = outcome.wouldDo {
            try console.print(words)
            return
        }
        if let code = outcome.code, outcome.state.isFailure || outcome.state == .unapplied {
            let version = outcome.attempted.map { " (patch \($0))" } ?? ""
            // The message holds the suggestion already.
            throw LivepatchError(
                code, "\(outcome.state.rawValue)\(version): \(outcome.message ?? "The patch could not be applied.")")
        }
        try console.print("\(outcome.state.rawValue)\(outcome.message.map { ": \($0)" } ?? "")")
        if outcome.state.isFailure { throw ExitStatus.failure.exit }
        let directory = options.directory
        if try await directory.crashLock() != nil, try await directory.serviceLock().tryExclusive({ true }) != nil {
            console.note(
                "The service is not running, so nobody watches over the patch: start it ('systemctl start livepatch-agent'), or a reboot within a quarter of an hour counts as a crash."
            )
        }
    }
}
