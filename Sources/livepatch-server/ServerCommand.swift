import ArgumentParser
import FoundationEssentials
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
        version: "livepatch-server \(Release.version)")

    @Option(help: ArgumentHelp("A YAML file of settings.", valueName: "file"))
    var config: String?

    @Option(help: ArgumentHelp("The directory of database, patches and keys (server.data-directory).", valueName: "directory"))
    var dataDir: String?

    @Option(
        name: .customLong("set"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("A setting, any number of times; it outranks environment and file.", valueName: "key=value"))
    var settings: [String] = []

    @Flag(help: "Create no administrator: auth.basic.users must be set, or an administrator exist.")
    var noInput = false

    @Flag(help: "Check the configuration, print what is in force and where it came from, and end.")
    var checkConfig = false

    @Flag(help: "Print the reference of all settings as Markdown, and end.")
    var printConfigurationReference = false

    func run() async throws {
        let console = Console.standard()
        if printConfigurationReference {
            try console.output.write(ConfigurationReference.markdown())
            return
        }
        let sources = ConfigurationSources(
            assignments: settings,
            options: dataDir.map { [ConfigurationOption("--data-dir", sets: "server.data-directory", to: $0)] } ?? [],
            environment: console.environment, file: config)
        let loaded: LoadedConfiguration
        do {
            loaded = try sources.load()
        } catch {
            // One line would hold one mistake; all of them are to be seen.
            guard error.configurationProblems.count > 1 else { throw error }
            console.note("livepatch-server: The configuration has \(error.configurationProblems.count) mistakes:")
            for problem in error.configurationProblems { console.note("  \(problem)") }
            throw ExitCode(ExitStatus.configuration.rawValue)
        }
        if checkConfig {
            try console.print(loaded.effective.description)
            for note in loaded.notes { console.warn(note) }
        }
        let composition = Composition(
            loaded, sources: sources, metrics: ServerMetrics(), makesAdministrator: !noInput, console: console)
        if checkConfig { try composition.checkCertificates() } else { try await composition.run() }
    }
}
