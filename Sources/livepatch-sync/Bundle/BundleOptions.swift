import ArgumentParser
import FoundationEssentials
import LivepatchArchive
import LivepatchConfiguration
import LivepatchConsole
import LivepatchFiles
import LivepatchKit

/// How long after their expiry a bundle's timestamps are believed: a courier takes longer than a day.
struct MaximumAge: ParsableArguments {
    @Option(
        help: ArgumentHelp("How long ago what the bundle proves may have expired.", valueName: "duration"),
        transform: { try DurationText.parse($0) })
    var maxAge: Duration = .seconds(30 * 86_400)
}

extension SettingsOptions {
    /// The settings of a server, of which upstream and token do not matter.
    func server(dataDirectory: String?, on console: Console) throws -> ServerConfiguration {
        try load([("--data-dir", "server.data-directory", dataDirectory)], for: .server, on: console)
    }
}

extension OpenDataDirectory {
    /// - Throws: ``LivepatchError`` with the code `not-found` if no server has ever used that directory.
    static func require(_ configuration: ServerConfiguration) throws {
        let layout = layout(of: configuration)
        guard !FileManager.default.fileExists(atPath: layout.database) else { return }
        throw LivepatchError(
            .notFound, "'\(layout.path)' is not a server's data directory: there is no '\(layout.database)'.",
            suggestion: "Name the directory that the server uses with --data-dir.")
    }
}

extension PatchBundle {
    /// Opens a bundle's file.
    init(file: String) throws { try self.init(TarBundle(BundleFile.open(file))) }
}
