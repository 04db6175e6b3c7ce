public import ArgumentParser

/// How a command writes its result.
public enum OutputFormat: String, Sendable, CaseIterable, ExpressibleByArgument {
    /// For people: aligned columns, readable sizes, times relative to now.
    case table
    /// For programs: exact values, two spaces of indentation.
    case json
    /// The same members and values as ``json``, as YAML 1.1.
    case yaml
}
