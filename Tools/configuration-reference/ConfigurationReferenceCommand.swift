import LivepatchConfiguration

/// Prints `Documentation/configuration.md`, which is made from the table of keys.
@main
struct ConfigurationReferenceCommand {
    static func main() { print(ConfigurationReference.markdown(), terminator: "") }
}
