/// Where a value came from.
public enum ConfigurationOrigin: Hashable, Sendable {
    /// The command line: `--set`, or an option that sets one key, such as `--data-dir`.
    case option(String)
    /// An environment variable of that name.
    case environment(String)
    /// A file, and the line of the key in it.
    case file(String, line: Int?)
    /// Nothing set it.
    case builtIn
}

extension ConfigurationOrigin: CustomStringConvertible {
    public var description: String {
        switch self {
        case .option(let name): name
        case .environment(let name): "environment variable \(name)"
        case .file(let path, nil): "config file \(path)"
        case .file(let path, let line?): "config file \(path) line \(line)"
        case .builtIn: "default"
        }
    }
}
