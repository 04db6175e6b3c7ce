import ArgumentParser

struct Tier: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tier", abstract: "Shows and changes the tiers.",
        discussion: """
            Tiers are an ordered list. New patch versions enter the first one; a later tier never holds what an earlier one lacks. \
            Every change can be looked at beforehand with --dry-run and taken back with `livepatch-admin undo`.

            Examples:
              livepatch-admin tier list
              livepatch-admin tier add canary --before edge --dry-run
            """,
        subcommands: [
            TierList.self, TierAdd.self, TierRemove.self, TierRename.self, TierMove.self, TierSnapshots.self, TierRestore.self,
        ])
}
