import ArgumentParser

struct Storage: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "storage", abstract: "Shows and looks after the content of the patch files.",
        discussion: """
            Examples:
              livepatch-admin storage patches
              livepatch-admin storage verify --repair
              livepatch-admin storage gc --dry-run
              livepatch-admin storage prefetch --tier stable
            """,
        subcommands: [
            StoragePatches.self, StorageRefreshCommand.self, StorageVerify.self, StorageCollect.self, StoragePrefetchCommand.self,
        ])
}
