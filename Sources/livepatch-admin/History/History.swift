import LivepatchAPI
import ArgumentParser
public import LivepatchConsole
public import LivepatchKit

struct History: AdminCommand {
    static let configuration = CommandConfiguration(
        "history", "Lists what was changed, when and by whom, newest first.",
        does: "Shows the recorded changes. Those of tiers, promotions and blocks can be taken back with `livepatch-admin undo`.",
        examples: ["history", "history --limit 100 --before 250", "history --format json"])

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    @Option(help: "The most changes that are shown, 1 to 1000.")
    var limit = 20

    @Option(help: "Only changes with a smaller number.")
    var before: Int64?

    func validate() throws {
        guard (1...1000).contains(limit) else { throw ValidationError("--limit is 1 to 1000.") }
    }

    func run(_ context: AdminContext) async throws {
        let body = try await context.server.history(limit: limit, before: before)
        try output.show(body.changes, document: body, empty: "Nothing was changed yet.", on: context.console)
    }
}

extension ChangeRecord: Listed {
    public static var columns: [Column] {
        [.number("ID"), .whole("WHEN"), .whole("WHO"), .text("WHAT"), .text("WHY"), .whole("UNDO")]
    }

    public var quietValue: String { "\(id)" }

    public func row(_ text: HumanText) -> [Cell] {
        ["\(id)", Cell(text.time(time)), Cell(actor), Cell(action), Cell(reason), undo]
    }

    private var undo: Cell {
        if let undoneBy { return Cell("undone by \(undoneBy)", .faint) }
        if let undoes { return Cell("undoes \(undoes)", .faint) }
        return isUndoable ? "possible" : Cell("-", .faint)
    }
}
