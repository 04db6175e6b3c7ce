import ArgumentParser
import LivepatchComposition
import LivepatchConfiguration
import LivepatchConsole
import LivepatchKit

struct GetFiles: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get-files", abstract: "Fetches patch files by name.",
        discussion: """
            Of each file the kernel module is taken out, named like the file with .ko in place of .tar.bz2, and the tarball is \
            removed. With --keep-tarball the tarball stays as it is, and nothing is unpacked.

            A list holds the entries that `livepatch-sync list` prints, whose hashes are then required, or one name a line; - stands \
            for standard input.

            Examples:
              livepatch-sync get-files livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2
              livepatch-sync list --kernel 5.15 > wanted && livepatch-sync get-files -i wanted --keep-tarball
            """)

    @OptionGroup var upstream: UpstreamOptions

    @Argument(help: ArgumentHelp("Names of patch files.", valueName: "file"))
    var files: [String] = []

    @Option(name: .customShort("i"), help: ArgumentHelp("A list of names and hashes.", valueName: "list"))
    var list: String?

    @Flag(name: [.customShort("K"), .long], help: "Keep the tarballs instead of unpacking the modules.")
    var keepTarball = false

    @Option(help: ArgumentHelp("Where the files are put.", valueName: "directory"))
    var outputDir = "."

    func validate() throws {
        guard files.isEmpty == (list != nil) else {
            throw ValidationError("Name files, or a list of them with -i.")
        }
    }

    func run() async throws {
        let console = Console.standard()
        let configuration = try upstream.load(on: console)
        var wanted = WantedFiles()
        for name in files { try wanted.add(name) }
        if let list { try wanted.read(list) }
        let names = wanted
        let bar = ProgressBar("Fetching", on: console)
        defer { bar.end() }
        let outcome = try await ConfiguredUpstream.connected(
            configuration.sync, logger: upstream.logger(on: console, bar: bar, hiding: configuration)
        ) {
            upstream in
            let wish = OfferWish(versions: { names.versions.contains($0) }, files: { names.hashes[$0] != nil })
            let choice = names.choose(from: try await upstream.offer(wish).files)
            let directory = try PlainDirectory(outputDir)
            var outcome = try await directory.fill(from: upstream, choice.files, bar: bar) { outcome in
                keepTarball ? outcome : try await ModuleUnpacking(directory).unpack(outcome)
            }
            outcome.failures += choice.failures
            return outcome
        }
        bar.end()
        outcome.tellFailures(on: console)
        try console.print("\(outcome.complete.count)/\(names.hashes.count) patches downloaded successfully.")
        if let status = outcome.exitStatus { throw status.exit }
    }
}
