/// A text that some source gives a key.
struct ConfigurationEntry {
    let name: String
    let text: String
    let origin: ConfigurationOrigin
}

/// What one source gave, and what was wrong with it.
struct ConfigurationLayer {
    /// By the key's name.
    private(set) var entries: [String: ConfigurationEntry] = [:]
    var problems: [ConfigurationProblem] = []

    /// Takes an entry over if its key exists and is available; otherwise notes the problem.
    mutating func add(_ entry: ConfigurationEntry) {
        guard let key = ConfigurationCatalogue.key(named: entry.name) else {
            problems.append(
                .unknown(
                    entry.name, origin: entry.origin,
                    nearest: ConfigurationCatalogue.nearest(to: entry.name)?.name))
            return
        }
        guard key.isAvailable else {
            problems.append(.notAvailable(entry.name, key, origin: entry.origin))
            return
        }
        entries[key.name] = entry
    }
}

extension ConfigurationProblem {
    static func unknown(_ name: String, origin: ConfigurationOrigin, nearest: String?) -> Self {
        let shown = Redaction.escaped(String(name.prefix(200)))
        return Self(
            .unknownKey, key: shown, origin: origin, "There is no key '\(shown)'.",
            suggestion: nearest.map { "Did you mean '\($0)'?" } ?? "The configuration reference lists all keys.")
    }

    static func notAvailable(_ name: String, _ key: ConfigurationKey, origin: ConfigurationOrigin) -> Self {
        Self(
            .notAvailable, key: name, origin: origin,
            "This release does not have '\(Redaction.escaped(name))' (\(key.meaning.hasSuffix(".") ? String(key.meaning.dropLast()) : key.meaning)).",
            suggestion: "Remove it.")
    }
}
