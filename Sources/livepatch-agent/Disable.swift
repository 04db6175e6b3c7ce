import ArgumentParser
import LivepatchConsole
import LivepatchFiles
import LivepatchHTTP
import LivepatchKit

struct Disable: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "disable", abstract: "Detaches this machine from its server.",
        discussion: """
            The machine's token ends, and what was trusted is forgotten. The patch in the kernel stays until the next boot.

            Examples:
              livepatch-agent disable
            """)

    @OptionGroup var options: AgentOptions

    func run() async throws {
        let console = Console.standard()
        let directory = options.directory
        _ = try await options.attachment()
        do {
            try await AttachedAgent.with(options, logger: options.logger(on: console)) { try await $0.client.goodbye() }
        } catch {
            // Whoever wants to leave does not depend on the server's consent.
            console.warn("The server was not told: \(ErrorLine(error).text)")
        }
        try await directory.roundLock().withExclusive { try await directory.detach() }
        try console.print("Detached. A patch that is in the kernel stays until the next boot.")
    }
}
