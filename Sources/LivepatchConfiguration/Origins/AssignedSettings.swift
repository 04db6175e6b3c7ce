/// What the command line sets.
enum AssignedSettings {
    static func layer(assignments: [String], options: [ConfigurationOption]) -> ConfigurationLayer {
        var layer = ConfigurationLayer()
        for (index, assignment) in assignments.enumerated() {
            guard let equals = assignment.firstIndex(of: "=") else {
                layer.problems.append(withoutEquals(assignment, number: index + 1))
                continue
            }
            layer.add(
                ConfigurationEntry(
                    name: SettingText.trimmed(assignment[..<equals]),
                    text: String(assignment[assignment.index(after: equals)...]),
                    origin: .option("--set")))
        }
        for option in options {
            layer.add(ConfigurationEntry(name: option.key, text: option.text, origin: .option(option.name)))
        }
        return layer
    }

    /// The text may be a lone secret, so only a key is repeated.
    private static func withoutEquals(_ text: String, number: Int) -> ConfigurationProblem {
        let key = ConfigurationCatalogue.key(named: SettingText.trimmed(text))
        return ConfigurationProblem(
            .unreadable, key: key?.name, origin: .option("--set"),
            key.map { "'\($0.name)' has no value." } ?? "Assignment number \(number) has no '='.",
            suggestion: "Write --set KEY=VALUE.")
    }
}

/// A command-line option that sets one key, such as `--data-dir`. It outranks `--set`.
public struct ConfigurationOption: Hashable, Sendable {
    /// As a person writes it: `--data-dir`.
    public let name: String
    public let key: String
    let text: String

    public init(_ name: String, sets key: String, to text: String) {
        self.name = name
        self.key = key
        self.text = text
    }
}
