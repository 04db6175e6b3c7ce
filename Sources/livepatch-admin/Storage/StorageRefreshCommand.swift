import ArgumentParser
import LivepatchAPI
import LivepatchConsole
import LivepatchKit

struct StorageRefreshCommand: AdminCommand {
    static let configuration = CommandConfiguration(
        "refresh", "Reconciles the storage and its drop folder with the catalogue.",
        does: """
            Imports the patch files that lie in the drop folder of the server's storage, and looks which files of the catalogue have \
            lost their content or have it again. Files that are refused stay in the drop folder; the exit status is then 65. With \
            --quiet the imported files' names alone.
            """,
        examples: ["storage refresh", "storage refresh --format json"])

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func run(_ context: AdminContext) async throws {
        let result = try await context.follow(context.server.refreshStorage(), "Refreshing", output)
        if output.quiet {
            try context.console.print(result.imported.map(\.description))
        } else if output.format != .table {
            try output.show(document: result, on: context.console)
        } else {
            try context.console.print(result.lines(context.console.humanText, on: context.console.output.terminal))
        }
        if !result.refused.isEmpty { throw ExitStatus.dataError.exit }
    }
}

extension StorageRefresh {
    func lines(_ text: HumanText, on terminal: Terminal) -> [String] {
        var lines = imported.map { "imported  \($0)" }
        lines += lost.map { Style.bad.applied(to: "lost", on: terminal) + "      \($0): its content is gone, it is not served" }
        lines += found.map { Style.good.applied(to: "found", on: terminal) + "     \($0): its content is there again" }
        lines += refused.map {
            Style.bad.applied(to: "refused", on: terminal) + "   \(PrintableText.line("\($0.file): \($0.message)"))"
        }
        let counts =
            "\(text.count(imported.count, "file")) imported, \(known.count) there already, \(refused.count) refused, "
            + "\(lost.count) lost, \(found.count) found again."
        return lines + [counts]
    }
}
