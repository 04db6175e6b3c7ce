import ArgumentParser

struct Machines: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "machines", abstract: "Finds, labels and forgets machines.",
        discussion: """
            A machine is named by its own id, by the hash of it under which the server keeps it, or by at least eight digits of that \
            hash.

            Examples:
              livepatch-admin machines list --tier stable --silent 1d
              livepatch-admin machines show 3f9a17c2
              livepatch-admin machines forget --silent 90d --dry-run
            """,
        subcommands: [MachinesList.self, MachinesShow.self, MachinesTag.self, MachinesForget.self])
}
