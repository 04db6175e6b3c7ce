import ArgumentParser
import LivepatchConsole
import LivepatchKit

struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Syncs once into a data directory, which a server may be serving at the same time.",
        discussion: """
            It does what a server's own sync does, with the same settings, and excludes that while it runs; its report is kept with \
            the server's. The exit status is 0 for a sync that was complete or found nothing new, 75 for one that could not have \
            every file, and that of the failure for one that failed.

            Examples:
              livepatch-sync run --data-dir /var/lib/livepatch --config /etc/livepatch/server.yaml
              livepatch-sync run --data-dir ./data --upstream-url https://patches.example.com --token-file token \
            --set patch-sync.sync-tiers=true
            """)

    @OptionGroup var upstream: UpstreamOptions
    @OptionGroup var output: OutputOptions

    @Option(help: ArgumentHelp("The directory of the database and the patches (server.data-directory).", valueName: "dir"))
    var dataDir: String?

    @Flag(help: "Accept that the upstream shows much less than before.")
    var acceptRemovals = false

    func run() async throws {
        let console = Console.standard()
        let configuration = try upstream.load(on: console, dataDirectory: dataDir)
        let bar = ProgressBar("Syncing", on: console, silent: output.quiet)
        defer { bar.end() }
        let sync = DataDirectorySync(configuration, logger: upstream.logger(on: console, bar: bar, hiding: configuration))
        let report = try await sync.run(acceptsRemovals: acceptRemovals) { bar.update(TransferProgress($0)) }
        bar.end()
        try report.show(output, on: console)
        if let status = report.exitStatus { throw status.exit }
    }
}
