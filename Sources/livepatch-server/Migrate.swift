import ArgumentParser
import LivepatchAPI
import LivepatchConfiguration
import LivepatchConsole
import LivepatchFiles
import LivepatchKit
import LivepatchSQLite

struct Migrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Brings the database's schema up to date.",
        discussion: """
            A server does so by itself when it starts. This does it before, while no server runs, and with --dry-run only says what would \
            be done, also beside a running server. A copy of the database is kept beside it first.

            Examples:
              livepatch-server migrate --dry-run --data-dir /var/lib/livepatch
              livepatch-server migrate --config /etc/livepatch/server.yaml
            """)

    @Flag(help: "Say what would be done, and change nothing.")
    var dryRun = false

    @OptionGroup var settings: SettingsOptions

    func run() async throws {
        let console = Console.standard()
        let configuration = try settings.load(on: console).server
        let directory = DataDirectory(configuration.dataDirectory, patches: configuration.storage.filesystemPath)
        try BackupRestoration.requireNoneInterrupted(in: directory)
        let forecast = try SchemaForecast(path: directory.database)
        if dryRun || forecast.upgrade.pending.isEmpty { return try tell(forecast, directory, on: console) }
        let upgrade = try await directory.serverLock().tryExclusive {
            let database = try SQLiteDatabase(path: directory.database, release: Release.version)
            defer { try? database.close() }
            let damage = try await database.damage()
            guard damage.isEmpty else {
                throw LivepatchError(
                    .storageDamaged, "The database '\(directory.database)' is damaged: \(damage[0]).",
                    suggestion: "Restore it from a backup.")
            }
            return database.upgrade
        }
        guard let upgrade else {
            throw LivepatchError(
                .storageBusy, "A livepatch-server is using the data directory '\(directory.path)'.",
                suggestion: "Stop it first; it would bring the database up to date when it starts, too.")
        }
        for name in upgrade?.pending ?? [] { try console.print("Done: migration '\(name)'") }
        if let copy = upgrade?.copy {
            try console.print("The database before it is kept as '\(copy)'. Delete it when the new release has proven itself.")
        }
    }

    private func tell(_ forecast: SchemaForecast, _ directory: DataDirectory, on console: Console) throws {
        let text = console.humanText
        let upgrade = forecast.upgrade
        let size = "\(text.size(forecast.bytes)), \(text.count(forecast.rows.reduce(0) { $0 + $1.count }, "row"))"
        guard !upgrade.pending.isEmpty else {
            return try console.print(
                "The database '\(directory.database)' (\(size)) is up to date for release \(Release.version).")
        }
        try console.print("The database '\(directory.database)' (\(size)) lacks:")
        for name in upgrade.pending { try console.print("  migration '\(name)'") }
        try console.print("Rows:")
        for (table, count) in forecast.rows where count > 0 { try console.print("  \(table): \(count)") }
        if let copy = upgrade.copy {
            let free = try SQLiteDatabase.freeBytes(besides: directory.database)
            try console.print(
                "Before that it would be copied to '\(copy)': \(text.size(forecast.bytes)), and \(text.size(free)) are free.")
        }
        if dryRun { console.note("Nothing was changed (--dry-run).") }
    }
}
