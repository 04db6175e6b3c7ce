import ArgumentParser
import LivepatchAPI

struct LivepatchAgent: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "livepatch-agent",
        abstract: "Keeps this machine's kernel patched, from a Livepatch server.",
        discussion: """
            Attach the machine once with `enable` and an auth token, then let the service run (`run`, as livepatch-agent.service): it asks \
            the server about every hour, verifies what is offered against the roots that were pinned, and puts the patch into the \
            running kernel. Nothing is put in before the service's first check-in, and nothing again that took the machine down.

            Results go to standard output, everything else to standard error. The exit status is 0, or one of sysexits(3): 64 for a \
            mistake on the command line, 65 for a patch that was refused, 69 for a server that cannot be reached or a kernel that cannot \
            be live-patched, 77 for a token or a right that is missing, 78 for a machine that is not attached.

            Examples:
              livepatch-agent enable TOKEN --server https://patches.example.com
              livepatch-agent status
              livepatch-agent refresh --dry-run
            """,
        version: Release.version,
        subcommands: [Enable.self, Status.self, Refresh.self, Run.self, Disable.self])
}
