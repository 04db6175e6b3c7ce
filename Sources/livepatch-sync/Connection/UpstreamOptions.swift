import ArgumentParser
import LivepatchConfiguration
import LivepatchConsole
import Logging

/// The options of every command that asks an upstream: which, with which token, and how.
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
            "A file with the certificate to show an upstream that asks for one, in PEM (patch-sync.client-certificate).",
            valueName: "file"))
    var clientCertificate: String?

    @Option(help: ArgumentHelp("A file with its private key, in PEM (patch-sync.client-key).", valueName: "file"))
    var clientKey: String?

    @Option(
        help: ArgumentHelp(
            "The most bytes a second for all transfers, such as 10M (patch-sync.bandwidth-limit).", valueName: "size"))
    var bandwidthLimit: String?

    @Option(help: ArgumentHelp("The most files at a time (patch-sync.max-concurrent-transfers).", valueName: "number"))
    var parallel: String?

    @OptionGroup var settings: SettingsOptions

    /// All settings, from the command line, the environment and the file.
    /// - Parameter dataDirectory: the option `--data-dir` of a command that has one.
    func load(on console: Console, dataDirectory: String? = nil) throws -> ServerConfiguration {
        try settings.load(
            [
                ("--upstream-url", "patch-sync.upstream-url", upstreamUrl), ("--token-file", "patch-sync.token-file", tokenFile),
                ("--ca", "patch-sync.ca", ca), ("--client-certificate", "patch-sync.client-certificate", clientCertificate),
                ("--client-key", "patch-sync.client-key", clientKey),
                ("--bandwidth-limit", "patch-sync.bandwidth-limit", bandwidthLimit),
                ("--parallel", "patch-sync.max-concurrent-transfers", parallel),
                ("--data-dir", "server.data-directory", dataDirectory),
            ], environment: environment(console), for: .sync, on: console)
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
    func logger(on console: Console, bar: ProgressBar? = nil, hiding configuration: ServerConfiguration) -> Logger {
        settings.logger(on: console, bar: bar, hiding: configuration)
    }
}
