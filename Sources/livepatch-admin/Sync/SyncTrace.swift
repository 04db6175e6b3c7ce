import ArgumentParser
import FoundationEssentials
import LivepatchConsole
import LivepatchKit

struct SyncTrace: AdminCommand {
    static let configuration = CommandConfiguration(
        "trace", "Shows when each server up to the origin had a patch version.",
        does: """
            Asks this server, its upstream, and so on, each by the sync token of the one below it. Shows since when each has the patch \
            version, in which tiers, when it was last moved between tiers there, and since when it is blocked. Times are by each \
            server's own clock; how far that is from this machine's is in the column CLOCK. Of a version that a token's tier does not \
            hold, a server says nothing.
            """,
        examples: ["sync trace 107.1", "sync trace 107.1 --format json"])

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "The patch version, such as 107.1.", transform: patchVersion)
    var version: PatchVersion

    func run(_ context: AdminContext) async throws {
        let asked = Date()
        let trace = try await context.server.syncTrace(version)
        let hops = trace.hops.map { TracedHop(hop: $0, clock: $0.time.timeIntervalSince(asked)) }
        try output.show(hops, document: trace, empty: "Nobody answered.", on: context.console)
        if output.format == .table, !output.quiet, let problem = trace.problem {
            try context.console.print(
                "Nothing is known of what is above \(trace.hops.last?.deployment.description ?? "it"): \(problem)")
        }
    }
}

/// A line of the table.
struct TracedHop: Listed {
    let hop: VersionTrace.Hop
    /// How far the server's clock is ahead of this machine's, in seconds, the way of the question included.
    let clock: TimeInterval

    static let columns: [Column] = [
        .whole("DEPLOYMENT"), .whole("ARRIVED"), .text("TIERS"), .whole("MOVED"), .whole("BLOCKED"), .whole("LAST SYNC"),
        .number("CLOCK"),
    ]

    var quietValue: String { hop.deployment.description }

    func row(_ text: HumanText) -> [Cell] {
        [
            Cell(hop.deployment), Cell(text.time(hop.arrived, missing: "not here")), Cell(listing: hop.tiers),
            Cell(text.time(hop.moved, missing: "-")),
            Cell(text.time(hop.blocked, missing: "-"), hop.blocked == nil ? .plain : .bad),
            Cell(text.time(hop.synced, missing: "-")), Cell("\(clock < 0 ? "-" : "+")\(Int(abs(clock))) s"),
        ]
    }
}
