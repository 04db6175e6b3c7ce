import ArgumentParser

struct Kernels: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kernels", abstract: "Says which kernels get patches, and how long.",
        discussion: """
            Examples:
              livepatch-admin kernels coverage list
              livepatch-admin kernels coverage set 5.15 generic amd64 --until 2032-04-30
            """,
        subcommands: [Coverage.self])
}

struct Coverage: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coverage", abstract: "Looks after the table of covered kernels.",
        discussion: """
            The table answers whoever asks whether a kernel is supported (GET /v1/api/kernels/supported, and machines for which there \
            is no patch). Where it is silent, a kernel is supported if there are patches for its series, flavour and architecture. \
            Servers below learn the table with their next sync; an entry of their own wins over one from above.

            Examples:
              livepatch-admin kernels coverage list --format yaml
              livepatch-admin kernels coverage import coverage.yaml --dry-run
            """,
        subcommands: [CoverageList.self, CoverageSet.self, CoverageRemove.self, CoverageImport.self])
}
