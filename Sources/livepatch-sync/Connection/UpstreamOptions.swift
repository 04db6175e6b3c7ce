import ArgumentParser
import LivepatchAPI
import LivepatchConfiguration
import LivepatchConsole
import LivepatchKit
import Logging

/// The options of every command: which upstream, with which token, and how.
struct UpstreamOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The upstream, or several with commas, tried in order (patch-sync.upstream-url).", valueName: "url"))
    var upstreamUrl: String?

    @Option(help: ArgumentHelp("A file that holds the sync token (patch-sync.token-file).", valueName: "file"))
    var tokenFile: String?

    @Option(
        help: ArgumentHelp(
            "A file of certificates in PEM that are trusted besides the system's (patch-sync.ca).", valueName: "file"))
    var ca: String?

    @Option(
        help: ArgumentHelp(
            "The most bytes a second for all transfers, such as 10M (patch-sync.bandwidth-limit).", valueName: "size"))
    var bandwidthLimit: String?

    @Option(help: ArgumentHelp("The most files at a time (patch-sync.max-concurrent-transfers).", valueName: "number"))
    var parallel: String?

    @Option(help: ArgumentHelp("A YAML file of settings.", valueName: "file"))
    var config: String?

    @Option(
        name: .customLong("set"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("A setting, any number of times; it outranks environment and file.", valueName: "key=value"))
    var settings: [String] = []

    @Flag(name: .shortAndLong, help: "Say what is done, request by request.")
    var verbose = false

    func validate() throws {
        guard settings.allSatisfy({ !$0.hasPrefix("patch-sync.token=") }) else {
            throw ValidationError(
                "A token on the command line could be read by every user of this machine: use --token-file or LIVEPATCH_SYNC_TOKEN."
            )
        }
    }

    /// All settings, from the command line, the environment and the file.
    /// - Parameter dataDirectory: the option `--data-dir` of a command that has one.
    func load(on console: Console, dataDirectory: String? = nil) throws -> ServerConfiguration {
        let given = [
            ("--upstream-url", "patch-sync.upstream-url", upstreamUrl), ("--token-file", "patch-sync.token-file", tokenFile),
            ("--ca", "patch-sync.ca", ca), ("--bandwidth-limit", "patch-sync.bandwidth-limit", bandwidthLimit),
            ("--parallel", "patch-sync.max-concurrent-transfers", parallel),
            ("--data-dir", "server.data-directory", dataDirectory),
        ]
        let sources = ConfigurationSources(
            assignments: settings,
            options: given.compactMap { name, key, text in text.map { ConfigurationOption(name, sets: key, to: $0) } },
            environment: environment(console), file: config)
        do {
            let loaded = try sources.load(for: .sync)
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

    /// The environment, with the token under the name of its key. A file that was named on the command line outranks it.
    private func environment(_ console: Console) -> [String: String] {
        var environment = console.environment
        let key = "LP_PATCH_SYNC_TOKEN"
        if tokenFile != nil {
            environment[key] = nil
        } else if let token = environment["LIVEPATCH_SYNC_TOKEN"], !token.isEmpty {
            environment[key] = token
        }
        return environment
    }

    /// Warnings and errors, or with `--verbose` everything, said to the person at the terminal.
    func logger(on console: Console, bar: ProgressBar? = nil) -> Logger {
        let level: Logger.Level = verbose ? .debug : .warning
        return Logger(label: "livepatch-sync") { _ in
            SpokenLog(logLevel: level) { line in bar.map { $0.note(line) } ?? console.note(line) }
        }
    }
}
