import ArgumentParser
import LivepatchAPI

struct LivepatchSync: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "livepatch-sync",
        abstract: "Fetches kernel live patches from a Livepatch server, without being one.",
        discussion: """
            The upstream is the server that --upstream-url or LP_PATCH_SYNC_UPSTREAM_URL names. The sync token comes from \
            --token-file, from LIVEPATCH_SYNC_TOKEN, or from the configuration, and never from the command line, where every user \
            of the machine could read it. All settings of patch-sync.* count, whether they come from --set, the environment or --config.

            `bundle` needs no upstream: it carries patches from one data directory to another in a file.

            Whatever is written has been checked against the digests that the upstream published, and appears only whole. What was \
            interrupted goes on where it was.

            Results go to standard output, everything else to standard error. The exit status is 0, or one of sysexits(3): 64 for a \
            mistake on the command line, 66 for what the upstream does not offer, 69 for an upstream that cannot be reached, 75 if \
            something is missing that may come next time, 77 for a token that is refused, 78 for a mistake in the configuration.

            Examples:
              livepatch-sync run --data-dir /var/lib/livepatch --config /etc/livepatch/server.yaml
              livepatch-sync list --kernel 5.15 --upstream-url https://patches.example.com --token-file token
              livepatch-sync mirror /srv/www/patches --config mirror.yaml
            """,
        version: Release.version,
        subcommands: [Run.self, List.self, GetLatest.self, GetFiles.self, Mirror.self, BundleCommands.self])
}
