import LivepatchKit
import ArgumentParser
import LivepatchAPI
import LivepatchConsole

struct StoragePatches: AdminCommand {
    static let configuration = CommandConfiguration(
        "patches", "Lists the patch files and whether their content is there.",
        does: "Shows every file of the catalogue with its size, state and SHA-256, and how much room is taken and left.",
        examples: ["storage patches", "storage patches --quiet"])

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func run(_ context: AdminContext) async throws {
        let body = try await context.server.storagePatches()
        try output.show(body.files, document: body, empty: "There are no patch files.", on: context.console)
        guard output.format == .table, !output.quiet else { return }
        let text = context.console.humanText
        let missing = body.files.count { !$0.available }
        var parts = [text.count(body.files.count, "file"), "\(text.size(body.heldBytes ?? 0)) held"]
        let awaited = body.files.count { $0.isAwaited }
        if awaited > 0 { parts.append("\(awaited) not fetched yet") }
        if missing > 0 { parts.append("\(missing) missing") }
        if let free = body.freeBytes { parts.append("\(text.size(free)) free") }
        context.console.note(parts.joined(separator: ", ") + ".")
    }
}
