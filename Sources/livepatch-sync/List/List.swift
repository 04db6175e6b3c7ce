import ArgumentParser
import LivepatchComposition
import LivepatchConfiguration
import LivepatchConsole
import LivepatchKit

struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists the patch files that the token shows.",
        discussion: """
            Each file is an entry of two lines, its name and its SHA-256, which `get-files -i` reads again.

            Examples:
              livepatch-sync list
              livepatch-sync list --kernel 5.15 --architecture amd64 --flavour generic
              livepatch-sync list --tier stable --format table
            """)

    @OptionGroup var upstream: UpstreamOptions

    @Option(
        help: ArgumentHelp("The beginning of a kernel version: 5.15, 5.15.0-107, 5.15.0-107.117-generic.", valueName: "prefix"))
    var kernel: String?

    @Option(help: ArgumentHelp("An architecture, such as amd64.", valueName: "name"), transform: architectureName)
    var architecture: Architecture?

    @Option(help: ArgumentHelp("A kernel flavour, such as generic.", valueName: "name"), transform: flavourName)
    var flavour: Flavour?

    @Option(
        help: ArgumentHelp("A tier that the token shows; its own by default, which holds everything.", valueName: "name"),
        transform: tierName)
    var tier: TierName?

    @Option(help: "How the list is written: \(OutputFormat.allCases.map(\.rawValue).joined(separator: ", ")).")
    var format: OutputFormat = .yaml

    @Flag(name: .shortAndLong, help: "Print only the names, one a line.")
    var quiet = false

    func run() async throws {
        let console = Console.standard()
        let configuration = try upstream.load(on: console)
        let wish = OfferWish(
            tier: tier,
            files: { [kernel, architecture, flavour] name in
                (architecture ?? name.architecture) == name.architecture && (flavour ?? name.flavour) == name.flavour
                    && (kernel.map { KernelChoice.begins(name, with: $0) } ?? true)
            })
        let offer = try await ConfiguredUpstream.connected(
            configuration.sync, logger: upstream.logger(on: console, hiding: configuration)
        ) { upstream in
            try await upstream.offer(wish)
        }
        try OutputOptions(format: quiet ? .table : format, quiet: quiet)
            .show(offer.files.map(ListedFile.init), empty: "No patch file in the tier '\(offer.tier)' is like that.", on: console)
    }
}
