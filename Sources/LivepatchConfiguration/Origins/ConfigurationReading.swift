import Configuration
import Synchronization

/// The keys with the texts in force, read one after the other; what is wrong is noted and reading goes on.
struct ConfigurationReading {
    /// A text in force.
    struct Found: Hashable {
        let text: String
        let origin: ConfigurationOrigin
    }

    /// By the key's name, one for every available key.
    let found: [String: Found]
    private(set) var problems: [ConfigurationProblem]
    private(set) var notes: [String] = []
    private var malformed: Set<String> = []

    /// Merges layers, the one that outranks the others first.
    init(layers: [ConfigurationLayer]) {
        let keys = ConfigurationCatalogue.availableKeys
        let witness = Witness()
        let providers =
            layers.map { layer in
                InMemoryProvider(
                    values: Dictionary(
                        uniqueKeysWithValues: layer.entries.values.map { entry in
                            let isSecret = ConfigurationCatalogue.key(named: entry.name)?.isSecret ?? true
                            return (
                                AbsoluteConfigKey(ConfigKey(entry.name)), ConfigValue(.string(entry.text), isSecret: isSecret)
                            )
                        }))
            }
            + [
                InMemoryProvider(
                    values: Dictionary(
                        uniqueKeysWithValues: keys.map {
                            (AbsoluteConfigKey(ConfigKey($0.name)), ConfigValue(.string($0.defaultText), isSecret: false))
                        }))
            ]
        let reader = ConfigReader(providers: providers, accessReporter: witness)
        var found: [String: Found] = [:]
        for key in keys {
            let text = reader.string(forKey: ConfigKey(key.name), isSecret: key.isSecret) ?? key.defaultText
            let rank = witness.lastRank
            let origin = layers.indices.contains(rank) ? layers[rank].entries[key.name]?.origin : nil
            found[key.name] = Found(text: text, origin: origin ?? .builtIn)
        }
        self.found = found
        problems = layers.flatMap(\.problems)
    }

    /// Which of the providers answered last: the library says so to an access reporter only.
    private final class Witness: AccessReporter {
        private let rank = Mutex(0)
        var lastRank: Int { rank.withLock { $0 } }
        func report(_ event: AccessEvent) { rank.withLock { $0 = event.providerResults.count - 1 } }
    }

    /// The value in force; the default where its text is malformed, which is noted.
    mutating func value<Value>(_ setting: Setting<Value>) -> Value {
        let name = setting.key.name
        guard let found = found[name] else { return setting.defaultValue }
        do {
            return try setting.parse(found.text)
        } catch {
            let reason = (error as? SettingFault)?.reason ?? "cannot be read"
            let shown = found.text.isEmpty ? "empty" : "'\(Redaction.shown(found.text, of: setting.key))'"
            if malformed.insert(name).inserted {
                problems.append(
                    ConfigurationProblem(
                        .malformedValue, key: name, origin: found.origin, "\(name) is \(shown), which \(reason)."))
            }
            return setting.defaultValue
        }
    }

    /// Whether something sets the key, to a value that can be read.
    func isSet<Value>(_ setting: Setting<Value>) -> Bool {
        guard let found = found[setting.key.name] else { return false }
        return found.origin != .builtIn && !found.text.isEmpty && !malformed.contains(setting.key.name)
    }

    func isMalformed<Value>(_ setting: Setting<Value>) -> Bool { malformed.contains(setting.key.name) }

    func origin<Value>(_ setting: Setting<Value>) -> ConfigurationOrigin? { found[setting.key.name]?.origin }

    mutating func refuse<Value>(
        _ kind: ConfigurationProblem.Kind, _ setting: Setting<Value>, _ message: String, suggestion: String? = nil
    ) {
        let origin = origin(setting)
        problems.append(
            ConfigurationProblem(
                kind, key: setting.key.name, origin: origin == .builtIn ? nil : origin, message, suggestion: suggestion))
    }

    mutating func note(_ text: String) { notes.append(text) }
}
