import ArgumentParser
import LivepatchAPI
import LivepatchConfiguration
import LivepatchConsole
import LivepatchKit

@main
enum Program {
    static func main() async { await CommandEntry().run(ServerCommand.self) }
}

struct ServerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "livepatch-server",
        abstract: "Serves kernel live patches to the servers and machines below it.",
        discussion: """
            Without any configuration it listens on port 8080, keeps everything in ./livepatch-data, and at its first start creates the \
            administrator 'admin' and prints the password once.

            Examples:
              livepatch-server
              livepatch-server --config /etc/livepatch/server.yaml --check-config
              livepatch-server --data-dir /var/lib/livepatch --set server.server-address=127.0.0.1:8081

            SIGTERM stops it gracefully; SIGHUP takes up another log level, other users and a renewed TLS certificate.
            """,
        version: "livepatch-server \(Release.version)",
        subcommands: [Migrate.self, Restore.self])

    @OptionGroup var settings: SettingsOptions

    @Flag(help: "Create no administrator: auth.basic.users must be set, or an administrator exist.")
    var noInput = false

    @Flag(help: "Print the settings in force and where they came from, look whether a server could start with them, and end.")
    var checkConfig = false

    @Flag(help: "Print the reference of all settings as Markdown, and end.")
    var printConfigurationReference = false

    func run() async throws {
        let console = Console.standard()
        if printConfigurationReference {
            try console.output.write(ConfigurationReference.markdown())
            return
        }
        let sources = settings.sources(on: console)
        let loaded = try settings.load(sources, on: console)
        if checkConfig {
            try console.print(loaded.effective.description)
            for note in loaded.notes { console.warn(note) }
        }
        let composition = Composition(
            loaded, sources: sources, metrics: ServerMetrics(), makesAdministrator: !noInput, console: console)
        if checkConfig { try await check(composition.preflight, on: console) } else { try await composition.run() }
    }

    /// Says what a start would meet.
    private func check(_ preflight: Preflight, on console: Console) async throws {
        var first: LivepatchError?
        for finding in await preflight.findings() {
            switch finding {
            case .well(let words): console.note("ok: \(words)")
            case .warning(let words): console.warn(words)
            case .fatal(let error):
                console.note("\(Style.bad.applied(to: "error:", on: console.errorOutput.terminal)) \(error)")
                first = first ?? error
            }
        }
        if let first { throw ErrorDisposition(of: first.code).exit.exit }
    }
}
