import ArgumentParser

/// Named so that it does not hide the backup itself.
struct BackupCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Takes backups of a server while it works, and verifies them.",
        discussion: """
            A backup is put in place by `livepatch-server restore`.

            Examples:
              livepatch-admin backup site.tar --with-patches --passphrase
              livepatch-admin backup verify site.tar
            """,
        subcommands: [BackupCreate.self, BackupVerify.self], defaultSubcommand: BackupCreate.self)
}
