import ArgumentParser
import LivepatchAPI
import LivepatchConsole
import LivepatchFiles
import LivepatchHTTP
import LivepatchKit
import Logging
import UnixSignals

struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Keeps the kernel patched until it is told to stop: the service.",
        discussion: """
            The kernel is not touched before the server was asked. While the server is away the patch in the kernel stays, a machine that \
            has booted gets what was proven for it before and still is, and the server is asked again with growing, random pauses. SIGTERM \
            and SIGINT end it; the patch stays. A server that announces changes to machines (server.client-push.enabled) is heard at once, \
            others when the next check-in is due.

            Examples:
              livepatch-agent run
              livepatch-agent run --verbose --state-dir /var/lib/livepatch-agent
            """)

    @OptionGroup var options: AgentOptions

    func run() async throws {
        let console = Console.standard()
        let logger = options.logger(on: console, level: .info)
        _ = try await options.attachment()
        let ended: Void? = try await options.directory.serviceLock().tryExclusive {
            try await AttachedAgent.with(options, logger: logger) { attached in
                if ClearText.isUsed(by: attached.client.server.description) {
                    logger.warning("The machine's token and patches travel to \(attached.client.server) unencrypted.")
                }
                try console.print("livepatch-agent \(Release.version) is at work (\(attached.client.server)).")
                let bell = Bell()
                // A check-in tells what this machine has; here only what was announced last is not news.
                let listener = UpstreamListener(
                    to: attached.client.announcer, logger: logger, has: { _ in false }, heard: { _ in bell.ring() })
                let loop = MachineLoop(attached.agent, bell: bell, logger: logger) { outcome in
                    let version = outcome.attempted.map { " (\($0))" } ?? ""
                    let message = outcome.message.map { ": \($0)" } ?? ""
                    logger.info("\(outcome.state.rawValue)\(version)\(message)")
                }
                await Self.untilSignalled {
                    async let listening: Void = listener.run()
                    await loop.run()
                    await listening
                }
                try await attached.agent.stop()
            }
        }
        guard ended != nil else {
            throw LivepatchError(
                .storageBusy, "The service of the agent is running already for '\(options.stateDir)'.",
                suggestion: "Stop it first ('systemctl stop livepatch-agent').")
        }
    }

    /// Runs a body, and cancels it when the process is told to stop.
    private static func untilSignalled(_ body: @escaping @Sendable () async -> Void) async {
        await withTaskGroup(of: Void.self) { group in
            let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
            group.addTask { await body() }
            group.addTask {
                for await _ in signals { return }
            }
            await group.next()
            group.cancelAll()
        }
    }
}
