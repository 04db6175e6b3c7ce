import ArgumentParser
public import LivepatchAPI
public import LivepatchConsole
import LivepatchKit

struct PatchList: AdminCommand {
    static let configuration = CommandConfiguration(
        "list", "Lists the patch versions.",
        does: """
            Shows for each patch version the last tier that it reaches, how many of its files can be served, and whether it is blocked.
            """,
        examples: ["patch list", "patch list --tier stable --quiet"])

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    @Option(help: "Only what this tier holds.", transform: tierName)
    var tier: TierName?

    func run(_ context: AdminContext) async throws {
        let body = try await context.server.patches(tier: tier)
        let place = tier.map { "The tier \($0) holds no patch versions." }
        try output.show(body.patches, document: body, empty: place ?? "There are no patch versions.", on: context.console)
    }
}

extension PatchVersionBody: Listed {
    public static var columns: [Column] {
        [
            .whole("VERSION"), .whole("REACHES"), .number("FILES"), .number("SIZE"), .whole("RELEASED"), .whole("STATE"),
            .text("CVES"),
        ]
    }

    public var quietValue: String { record.version.description }

    public func row(_ text: HumanText) -> [Cell] {
        [
            Cell(record.version), Cell(tiers.last), files, Cell(text.size(record.bytes)), Cell(text.time(record.released)), state,
            Cell(listing: record.cves),
        ]
    }

    /// How many files there are, and how many of them are here if not all.
    var files: Cell {
        record.available == record.files ? "\(record.files)" : Cell("\(record.available)/\(record.files)", .warning)
    }

    var state: Cell { blocks.isEmpty ? Cell("ok", .good) : Cell("blocked", .bad) }
}
