import ArgumentParser
import LivepatchComposition
import LivepatchConfiguration
import LivepatchConsole
import LivepatchKit

struct GetLatest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get-latest", abstract: "Fetches the newest patch file for one kernel.",
        discussion: """
            The kernel is a full version, with its flavour or without, or what `uname -r` prints there. The tarball is kept as it \
            is; `get-files` unpacks. The file's path is printed.

            Examples:
              livepatch-sync get-latest --kernel 5.15.0-107.117-generic --architecture amd64
              livepatch-sync get-latest --kernel "$(uname -r)" --architecture amd64 --output-dir /var/tmp
            """)

    @OptionGroup var upstream: UpstreamOptions

    @Option(help: ArgumentHelp("The kernel: 5.15.0-107.117, 5.15.0-107.117-generic or 5.15.0-107-generic.", valueName: "version"))
    var kernel: String

    @Option(help: ArgumentHelp("The architecture, such as amd64.", valueName: "name"), transform: architectureName)
    var architecture: Architecture

    @Option(
        help: ArgumentHelp("The kernel flavour, where the kernel does not say it.", valueName: "name"), transform: flavourName)
    var flavour: Flavour?

    @Option(help: ArgumentHelp("A tier that the token shows; its own by default.", valueName: "name"), transform: tierName)
    var tier: TierName?

    @Option(help: ArgumentHelp("Where the file is put.", valueName: "directory"))
    var outputDir = "."

    func run() async throws {
        let console = Console.standard()
        let configuration = try upstream.load(on: console)
        let bar = ProgressBar("Fetching", on: console)
        defer { bar.end() }
        let outcome = try await ConfiguredUpstream.connected(
            configuration.sync, logger: upstream.logger(on: console, bar: bar, hiding: configuration)
        ) {
            upstream in
            let choice = LatestChoice(kernel: kernel, architecture: architecture, flavour: flavour)
            let offer = try await upstream.offer(OfferWish(tier: tier, files: choice.isMeant))
            let file = try choice.latest(of: offer)
            return try await PlainDirectory(outputDir).fill(from: upstream, [file], bar: bar)
        }
        bar.end()
        outcome.tellFailures(on: console)
        for file in outcome.complete { try console.print(PlainDirectory.joined(outputDir, file.name.description)) }
        if let status = outcome.exitStatus { throw status.exit }
    }
}
