import LivepatchAPI
import ArgumentParser
public import LivepatchConsole
public import LivepatchKit

struct TierSnapshots: AdminCommand {
    static let configuration = CommandConfiguration(
        "snapshots", "Lists the kept states of the tiers, newest first.",
        does: """
            A snapshot is taken before a sync replaces the tiers by those of the upstream for the first time (patch-sync.sync-tiers). \
            `livepatch-admin tier restore` brings one back.
            """,
        examples: ["tier snapshots", "tier snapshots --format yaml"])

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func run(_ context: AdminContext) async throws {
        let body = try await context.server.tierSnapshots()
        try output.show(body.snapshots, document: body, empty: "There are no snapshots.", on: context.console)
    }
}

extension TierSnapshot: Listed {
    public static var columns: [Column] {
        [.number("ID"), .whole("TAKEN"), .text("TIERS"), .number("PATCHES"), .text("BEFORE")]
    }

    public var quietValue: String { "\(id)" }

    public func row(_ text: HumanText) -> [Cell] {
        ["\(id)", Cell(text.time(taken)), Cell(listing: tiers), "\(reach.count)", Cell(reason)]
    }
}
