import ArgumentParser
import LivepatchAPI
import LivepatchConfiguration
import LivepatchConsole
import LivepatchLogging
import Logging

/// The options of every command that has settings: where they come from, and how much is said.
struct SettingsOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A YAML file of settings.", valueName: "file"))
    var config: String?

    @Option(
        name: .customLong("set"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("A setting, any number of times; it outranks environment and file.", valueName: "key=value"))
    var settings: [String] = []

    @Flag(name: .shortAndLong, help: "Say what is done, step by step.")
    var verbose = false

    func validate() throws {
        guard settings.allSatisfy({ !$0.hasPrefix("patch-sync.token=") }) else {
            throw ValidationError(
                "A token on the command line could be read by every user of this machine: use --token-file or LIVEPATCH_SYNC_TOKEN."
            )
        }
    }

    /// All settings, from the command line, the environment and the file.
    /// - Parameters:
    ///   - options: options of the command that set one key each, as they were given.
    ///   - environment: the process's, if it is not to be changed first.
    func load(
        _ options: [(name: String, key: String, text: String?)], environment: [String: String]? = nil,
        for purpose: ConfigurationSources.Purpose, on console: Console
    ) throws -> ServerConfiguration {
        let sources = ConfigurationSources(
            assignments: settings,
            options: options.compactMap { name, key, text in text.map { ConfigurationOption(name, sets: key, to: $0) } },
            environment: environment ?? console.environment, file: config)
        do {
            let loaded = try sources.load(for: purpose)
            for note in loaded.notes { console.warn(note) }
            return loaded.server
        } catch {
            // One line would hold one mistake; all of them are to be seen.
            guard error.configurationProblems.count > 1 else { throw error }
            console.note("livepatch-sync: The configuration has \(error.configurationProblems.count) mistakes:")
            for problem in error.configurationProblems { console.note("  \(problem)") }
            throw ExitStatus.configuration.exit
        }
    }

    /// Warnings and errors, or with `--verbose` everything, said to the person at the terminal.
    /// - Parameter configuration: whose secrets no line shows.
    func logger(on console: Console, bar: ProgressBar? = nil, hiding configuration: ServerConfiguration) -> Logger {
        let level: Logger.Level = verbose ? .debug : .warning
        let redactor = SecretRedactor(configuration.secrets.map(\.revealed))
        return Logger(label: "livepatch-sync") { _ in
            RedactingLogHandler(
                SpokenLog(logLevel: level) { line in bar.map { $0.note(line) } ?? console.note(line) }, redactor)
        }
    }
}
