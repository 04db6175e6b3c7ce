import ArgumentParser

struct Sync: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync", abstract: "Triggers and watches the sync from the upstream server.",
        discussion: """
            Examples:
              livepatch-admin sync trigger --wait
              livepatch-admin sync status
              livepatch-admin sync reports --format json
              livepatch-admin sync trace 107.1
            """,
        subcommands: [SyncTrigger.self, SyncStatus.self, SyncReports.self, SyncTrace.self])
}
