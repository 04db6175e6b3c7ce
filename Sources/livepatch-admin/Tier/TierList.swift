import ArgumentParser
public import LivepatchAPI
public import LivepatchConsole
import LivepatchKit

struct TierList: AdminCommand {
    static let configuration = CommandConfiguration(
        "list", "Lists the tiers in order, with what each offers.",
        does: """
            Shows for each tier how many patch versions it offers, the newest one, what is held back because it is blocked, and the \
            sync tokens that refer to it.
            """,
        examples: ["tier list", "tier list --format json"])

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func run(_ context: AdminContext) async throws {
        let body = try await context.server.tiers()
        try output.show(body.tiers, document: body, empty: "There are no tiers.", on: context.console)
        if let upstream = body.managedBy, output.format == .table, !output.quiet {
            context.console.note("The tiers are those of \(upstream) (patch-sync.sync-tiers) and are changed there.")
        }
    }
}

extension TierListBody.Tier: Listed {
    public static var columns: [Column] {
        [.number("#"), .whole("TIER"), .number("PATCHES"), .whole("NEWEST"), .text("BLOCKED"), .text("SYNC TOKENS")]
    }

    public var quietValue: String { name.description }

    public func row(_ text: HumanText) -> [Cell] {
        [
            "\(position + 1)", Cell(name), "\(versions.count)", Cell(versions.max()),
            Cell(Cell(listing: blocked).text, blocked.isEmpty ? .faint : .warning), Cell(listing: syncTokens),
        ]
    }
}
