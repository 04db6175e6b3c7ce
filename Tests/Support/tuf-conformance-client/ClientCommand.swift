import TUF

/// What the command line asks for.
enum ClientCommand {
    case initialise(metadata: String, root: String)
    case refresh(metadata: String, metadataURL: String)
    case download(metadata: String, metadataURL: String, names: [String], targetsURL: String, folder: String)

    /// - Throws: `TUFError` with what is wrong about the arguments.
    init(_ arguments: [String]) throws(TUFError) {
        var options: [String: [String]] = [:]
        var words: [String] = []
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("--") else {
                words.append(argument)
                continue
            }
            guard Self.options.contains(argument) else { throw TUFError(.notPossible, "Unknown option \(argument).") }
            guard let value = rest.popFirst() else { throw TUFError(.notPossible, "\(argument) needs a value.") }
            options[argument, default: []].append(value)
        }
        func one(_ option: String) throws(TUFError) -> String {
            guard let values = options[option], values.count == 1 else {
                throw TUFError(.notPossible, "\(option) is needed, once.")
            }
            return values[0]
        }
        switch (words.first, words.count) {
        case ("init", 2): self = .initialise(metadata: try one("--metadata-dir"), root: words[1])
        case ("refresh", 1): self = .refresh(metadata: try one("--metadata-dir"), metadataURL: try one("--metadata-url"))
        case ("download", 1):
            guard let names = options["--target-name"] else { throw TUFError(.notPossible, "--target-name is needed.") }
            self = .download(
                metadata: try one("--metadata-dir"), metadataURL: try one("--metadata-url"), names: names,
                targetsURL: try one("--target-base-url"), folder: try one("--target-dir"))
        default: throw TUFError(.notPossible, "The commands are: init TRUSTED_ROOT, refresh, download.")
        }
    }

    private static let options: Set<String> = [
        "--metadata-dir", "--metadata-url", "--target-name", "--target-base-url", "--target-dir",
    ]
}
