import ArgumentParser

struct Patch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "patch", abstract: "Shows, imports, promotes and blocks patches.",
        discussion: """
            A patch version, such as 107.1, is what is promoted from tier to tier; it has a patch file for each kernel that it fits.

            Examples:
              livepatch-admin patch list
              livepatch-admin patch import ./patches
              livepatch-admin patch promote 107.1 stable --dry-run
            """,
        subcommands: [
            PatchList.self, PatchShow.self, PatchImportCommand.self, PatchPromote.self, PatchPromoteAll.self, PatchWithdraw.self,
            PatchBlock.self, PatchUnblock.self,
        ])
}
