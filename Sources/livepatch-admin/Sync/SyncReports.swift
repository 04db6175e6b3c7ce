import ArgumentParser
import LivepatchAPI
import LivepatchConsole

struct SyncReports: AdminCommand {
    static let configuration = CommandConfiguration(
        "reports", "Lists what the last syncs did, newest first.",
        does:
            "Shows for each sync its result, what was fetched, and why something failed. As JSON or YAML every failure is listed.",
        examples: ["sync reports", "sync reports --limit 1 --format json"])

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    @Option(help: "The most reports that are shown, 1 to 1000.")
    var limit = 20

    func validate() throws {
        guard (1...1000).contains(limit) else { throw ValidationError("--limit is 1 to 1000.") }
    }

    func run(_ context: AdminContext) async throws {
        let body = try await context.server.syncReports(limit: limit)
        try output.show(body.reports, document: body, empty: "There was no sync yet.", on: context.console)
    }
}
