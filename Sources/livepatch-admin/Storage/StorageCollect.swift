import ArgumentParser
import LivepatchAPI
import LivepatchConsole
import LivepatchKit

struct StorageCollect: AdminCommand {
    static let configuration = CommandConfiguration(
        "gc", "Removes what nothing needs any more.",
        does: """
            Removes the files that the sync filter (patch-sync.architectures, .flavors, .minimum-kernel-version) no longer admits, \
            content that no file refers to, and what interrupted transfers left behind. With --quiet the removed files' names alone.
            """,
        examples: ["storage gc --dry-run", "storage gc"])

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    @Flag(help: "Only show what would be removed; remove nothing.")
    var dryRun = false

    func run(_ context: AdminContext) async throws {
        let result = try await context.follow(context.server.collectStorage(dryRun: dryRun), "Collecting", output)
        if output.quiet {
            try context.console.print(result.files.map(\.description))
        } else if output.format != .table {
            try output.show(document: result, on: context.console)
        } else {
            try context.console.print(result.lines(context.console.humanText))
        }
    }
}

extension StorageCollection {
    func lines(_ text: HumanText) -> [String] {
        if files.isEmpty, contents.isEmpty, stagedBytes == 0 { return ["There is nothing to remove."] }
        let verb = dryRun ? "would remove" : "removed"
        return files.map { "\(verb)  \($0)" } + [
            "\(dryRun ? "Would free" : "Freed") \(text.size(bytes + stagedBytes)): \(text.count(files.count, "file")) that the filter no "
                + "longer admits, \(text.count(contents.count, "content", "contents")) that nothing refers to "
                + "(\(text.size(bytes)) together), \(text.size(stagedBytes)) of interrupted transfers."
        ]
    }
}
