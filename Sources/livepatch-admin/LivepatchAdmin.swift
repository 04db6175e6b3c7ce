import ArgumentParser
import LivepatchAPI

struct LivepatchAdmin: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "livepatch-admin",
        abstract: "Administers a Livepatch server.",
        discussion: """
            The server is the one that --url or LIVEPATCH_URL names. Log in once with `livepatch-admin login`; the session is kept \
            in a file that only you can read.

            Results go to standard output, everything else to standard error. The exit status is 0, or one of sysexits(3): 64 for a \
            mistake on the command line, 65 for content that was refused, 66 for what does not exist, 69 for a server that cannot \
            be reached, 75 for what may work later, 77 for what is not permitted.

            Examples:
              livepatch-admin login -a admin
              livepatch-admin patch promote 107.1 stable --dry-run
              livepatch-admin tier list --format json
            """,
        version: Release.version,
        groupedSubcommands: [
            CommandGroup(
                name: "Session and state",
                subcommands: [Login.self, Logout.self, Sessions.self, Status.self, Doctor.self]),
            CommandGroup(name: "Patches and tiers", subcommands: [Patch.self, Tier.self, Kernels.self, History.self, Undo.self]),
            CommandGroup(name: "Chain", subcommands: [SyncTokens.self, Sync.self, Trust.self]),
            CommandGroup(
                name: "Machines", subcommands: [AuthTokenAdd.self, AuthTokens.self, Machines.self, Report.self]),
            CommandGroup(name: "Notices", subcommands: [Webhooks.self]),
            CommandGroup(name: "Content and keeping", subcommands: [Storage.self, BackupCommands.self]),
        ])
}
