import ArgumentParser
import LivepatchAPI
import LivepatchArchive
import LivepatchConfiguration
import LivepatchConsole
import LivepatchFiles
import LivepatchKit
import LivepatchSQLite

struct Restore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Puts a backup into an empty data directory.",
        discussion: """
            All of the backup is verified before anything is written; a directory that holds more than patch files is refused. Run it \
            as the user that the server runs as, with the server's settings. What happened after the backup is not in it: tokens that were revoked \
            since are good again, and machines that were attached since are unknown (Documentation/operations.md says what to do).

            Examples:
              livepatch-server restore site.tar --data-dir /var/lib/livepatch --passphrase
              livepatch-server restore site.tar --config /etc/livepatch/server.yaml --key-file k
            """)

    @Argument(help: ArgumentHelp("The backup.", valueName: "file"))
    var file: String

    @OptionGroup var key: BackupKeyOptions
    @Flag(help: "Leave out the keys that the backup holds; the server makes new ones.")
    var withoutKeys = false
    @OptionGroup var settings: SettingsOptions

    func validate() throws {
        if withoutKeys, key.isGiven { throw ValidationError("--without-keys goes together with no key.") }
    }

    func run() async throws {
        let console = Console.standard()
        let configuration = try settings.load(on: console).server
        let directory = DataDirectory(configuration.dataDirectory, patches: configuration.storage.filesystemPath)
        let backup = try Backup(TarBundle(BundleFile.open(file), as: .backup))
        let key = withoutKeys ? nil : try key.opening(backup, on: console)
        let restoration = BackupRestoration(backup, into: directory, key: key) { try SQLiteDatabase.check(path: $0) }
        let bar = ProgressBar("Restoring", on: console)
        defer { bar.end() }
        bar.update { $0.bytes = 2 * backup.manifest.totalBytes }
        try await restoration.run { count in bar.update { $0.bytesDone += count } }
        bar.end()
        let manifest = backup.manifest
        if key == nil {
            console.warn(
                "The server's keys were not restored. Put its keys into '\(directory.keys)' before it starts: otherwise it makes new ones, and servers below and machines refuse it."
            )
        }
        if !manifest.includesPatches {
            console.warn(
                "The backup holds no patch files. Start the server and run `livepatch-admin storage verify --repair`, or import them again."
            )
        }
        try console.print("The \(backup.name), release \(manifest.release), is in '\(directory.path)'.")
    }
}
