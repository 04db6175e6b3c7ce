import ArgumentParser
import FoundationEssentials
import LivepatchAPI
import LivepatchConsole
import LivepatchFiles
import LivepatchKernel
import LivepatchKit

/// How `status` writes.
enum StatusFormat: String, CaseIterable, ExpressibleByArgument {
    case humane
    case json
    case yaml
}

struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Shows how this machine is.",
        discussion: """
            The kernel state says whether the server has patches for kernels like this one, the patch state what became of the patch. \
            `json` and `yaml` have the members that the reference product's client has.

            Examples:
              livepatch-agent status
              livepatch-agent status --format json
            """)

    @Option(help: "How it is written.")
    var format = StatusFormat.humane

    @OptionGroup var options: AgentOptions

    func run() async throws {
        let console = Console.standard()
        let directory = options.directory
        let attachment = try await options.attachment()
        let kernel = try options.kernel()
        let memory = try await directory.memory()
        let live = try? await kernel.livePatches().first { $0.name == memory.applied?.module }
        let status = MachineStatus(
            attachment: attachment, memory: memory, kernel: try? await kernel.running(), uptime: try? await kernel.uptime(),
            live: live, obstacles: await kernel.obstacles(), isServiceRunning: await Self.isServiceRunning(directory),
            clientVersion: Release.version, time: console.now())
        switch format {
        case .humane: try console.print(status.lines(console.humanText))
        case .json: try OutputOptions(format: .json).show(document: MachineStatusDocument(status, as: .json), on: console)
        case .yaml: try OutputOptions(format: .yaml).show(document: MachineStatusDocument(status, as: .yaml), on: console)
        }
    }

    /// - Returns: `nil` if that cannot be told.
    private static func isServiceRunning(_ directory: MachineDirectory) async -> Bool? {
        do { return try await directory.serviceLock().tryExclusive { true } == nil } catch { return nil }
    }
}
