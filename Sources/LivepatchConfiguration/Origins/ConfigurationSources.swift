public import LivepatchKit

/// Where settings come from, the first that has a key deciding: the command line, the environment, a YAML file, the defaults.
public struct ConfigurationSources: Sendable {
    /// The texts of `--set`, `KEY=VALUE`; of several for one key the last counts.
    public let assignments: [String]
    /// Options that set one key each; they outrank ``assignments``.
    public let options: [ConfigurationOption]
    /// The process's environment. Variables that do not begin with `LP_` are ignored.
    public let environment: [String: String]
    /// The path of a YAML file.
    public let file: String?

    public init(
        assignments: [String] = [], options: [ConfigurationOption] = [], environment: [String: String] = [:],
        file: String? = nil
    ) {
        self.assignments = assignments
        self.options = options
        self.environment = environment
        self.file = file
    }

    /// What the settings are for.
    public enum Purpose: Hashable, Sendable {
        /// A server, which syncs if `patch-sync.enabled` says so.
        case server
        /// A sync, whatever `patch-sync.enabled` says: upstream and token are required.
        case sync
    }

    /// Reads and checks everything.
    /// - Throws: ``LivepatchError`` with the code `configuration-invalid`, naming all mistakes at once; they are its
    ///   ``LivepatchKit/LivepatchError/configurationProblems``, too.
    public func load(for purpose: Purpose = .server) throws(LivepatchError) -> LoadedConfiguration {
        var reading = ConfigurationReading(layers: [
            AssignedSettings.layer(assignments: assignments, options: options),
            EnvironmentSettings.layer(environment),
            file.map { FileSettings.layer(path: $0) } ?? ConfigurationLayer(),
        ])
        var server = ServerConfiguration(&reading, purpose: purpose)
        noteExposedSecrets(&reading)
        guard reading.problems.isEmpty else { throw ConfigurationProblems(reading.problems).error }
        server.secrets = secrets(reading, server).map { ConcealedText($0) }
        return LoadedConfiguration(
            server: server, effective: EffectiveConfiguration(reading), notes: reading.notes, found: reading.found)
    }

    private func secrets(_ reading: ConfigurationReading, _ server: ServerConfiguration) -> [String] {
        // That of a file is under no key.
        var secrets = [server.sync.token?.revealed].compactMap { $0 }
        for key in ConfigurationCatalogue.availableKeys {
            guard let text = reading.found[key.name]?.text, !text.isEmpty else { continue }
            if key.isSecret {
                secrets.append(text)
                // An entry of a list may be a name and what is secret about it.
                for entry in text.split(separator: ",").map({ SettingText.trimmed($0) }) {
                    secrets.append(entry)
                    secrets += entry.split(separator: ":", maxSplits: 1).dropFirst().map(String.init)
                }
            }
            if key.holdsURLs {
                for url in text.split(separator: ",") { secrets += Redaction.credentials(of: SettingText.trimmed(url)) }
            }
        }
        return secrets
    }

    private func noteExposedSecrets(_ reading: inout ConfigurationReading) {
        guard let file, ConfigurationFile.isReadableByEveryone(file) else { return }
        let secrets = ConfigurationCatalogue.availableKeys.filter { key in
            guard key.isSecret, case .file? = reading.found[key.name]?.origin else { return false }
            return reading.found[key.name]?.text.isEmpty == false
        }
        guard !secrets.isEmpty else { return }
        reading.note(
            "Every user of this machine can read \(secrets.map(\.name).joined(separator: ", ")) in \(file): chmod 0640 it.")
    }
}

/// A configuration without mistakes.
public struct LoadedConfiguration: Sendable {
    public let server: ServerConfiguration
    /// Every key with its value and where that came from, to be shown.
    public let effective: EffectiveConfiguration
    /// Things worth a person's attention that are no mistakes, one sentence or two each, without secrets.
    public let notes: [String]
    /// With secrets; for comparing only.
    private let found: Concealed

    private struct Concealed: Sendable, CustomStringConvertible, CustomReflectable {
        let texts: [String: ConfigurationReading.Found]
        var description: String { Redaction.marker }
        var customMirror: Mirror { Mirror(self, children: []) }
    }

    init(
        server: ServerConfiguration, effective: EffectiveConfiguration, notes: [String],
        found: [String: ConfigurationReading.Found]
    ) {
        self.server = server
        self.effective = effective
        self.notes = notes
        self.found = Concealed(texts: found)
    }

    /// The keys whose values differ from those of an earlier configuration.
    public func keysChanged(since earlier: LoadedConfiguration) -> [ConfigurationKey] {
        ConfigurationCatalogue.availableKeys.filter { found.texts[$0.name]?.text != earlier.found.texts[$0.name]?.text }
    }

    /// The keys whose values differ from those of an earlier configuration, but that a running server takes up only when it is
    /// started again.
    public func keysNeedingRestart(since earlier: LoadedConfiguration) -> [ConfigurationKey] {
        keysChanged(since: earlier).filter { !$0.isReloadable }
    }
}
