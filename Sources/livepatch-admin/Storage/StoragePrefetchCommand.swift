import ArgumentParser
import LivepatchAPI
import LivepatchConsole
import LivepatchKit

struct StoragePrefetchCommand: AdminCommand {
    static let configuration = CommandConfiguration(
        "prefetch", "Fetches content from the upstream before it is asked for.",
        does: """
            On a server that fetches content when it is first asked for (patch-sync.mode is on-demand), fetches what the machines of \
            a tier would ask for next: for each kernel the file of the newest patch version that the tier offers. The exit status is \
            1 if some of it could not be fetched. With --quiet the names of these files alone.
            """,
        examples: ["storage prefetch --tier stable", "storage prefetch --format json"])

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    @Option(help: "The tier whose machines are thought of. Without it: all tiers.", transform: tierName)
    var tier: TierName?

    func run(_ context: AdminContext) async throws {
        let result = try await context.follow(context.server.prefetchStorage(tier), "Fetching", output)
        if output.quiet {
            try context.console.print(result.failures.map(\.file.description))
        } else if output.format != .table {
            try output.show(document: result, on: context.console)
        } else {
            try context.console.print(result.lines(context.console.humanText, on: context.console.output.terminal))
        }
        if result.needsAttention { throw ExitStatus.failure.exit }
    }
}

extension StoragePrefetch {
    func lines(_ text: HumanText, on terminal: Terminal) -> [String] {
        let failed = failures.map {
            Style.bad.applied(to: "failed", on: terminal) + "  " + PrintableText.line("\($0.file): \($0.message)")
        }
        var parts = ["\(text.count(files, "file")) with \(text.size(bytes)) fetched", "\(present) here already"]
        if !failures.isEmpty { parts.append("\(failures.count) failed") }
        if left > 0 { parts.append("\(left) not tried any more") }
        return failed + [parts.joined(separator: ", ") + "."]
    }
}
