import ArgumentParser
import LivepatchAPI
import LivepatchConfiguration
import LivepatchConsole

/// The options that say with which settings the server runs, and where its data is.
struct SettingsOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A YAML file of settings.", valueName: "file"))
    var config: String?

    @Option(help: ArgumentHelp("The directory of database, patches and keys (server.data-directory).", valueName: "directory"))
    var dataDir: String?

    @Option(
        name: .customLong("set"), parsing: .unconditionalSingleValue,
        help: ArgumentHelp("A setting, any number of times; it outranks environment and file.", valueName: "key=value"))
    var settings: [String] = []

    func sources(on console: Console) -> ConfigurationSources {
        ConfigurationSources(
            assignments: settings,
            options: dataDir.map { [ConfigurationOption("--data-dir", sets: "server.data-directory", to: $0)] } ?? [],
            environment: console.environment, file: config)
    }

    /// Loads the settings; mistakes are named, all of them.
    func load(_ sources: ConfigurationSources, on console: Console) throws -> LoadedConfiguration {
        do {
            return try sources.load()
        } catch {
            // One line would hold one mistake; all of them are to be seen.
            guard error.configurationProblems.count > 1 else { throw error }
            console.note("livepatch-server: The configuration has \(error.configurationProblems.count) mistakes:")
            for problem in error.configurationProblems { console.note("  \(problem)") }
            throw ExitStatus.configuration.exit
        }
    }

    func load(on console: Console) throws -> LoadedConfiguration { try load(sources(on: console), on: console) }
}
