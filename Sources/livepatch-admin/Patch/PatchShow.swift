import ArgumentParser
import FoundationEssentials
public import LivepatchAPI
public import LivepatchConsole
public import LivepatchKit

struct PatchShow: AdminCommand {
    static let configuration = CommandConfiguration(
        "show", "Shows a patch version and its files.",
        does: """
            Shows where the patch version comes from, the tiers that hold it, who blocked it and why, and its files. With --quiet \
            the files' names alone.
            """,
        examples: ["patch show 107.1", "patch show 107.1 --format json"])

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "The patch version, such as 107.1.", transform: patchVersion)
    var version: PatchVersion

    func run(_ context: AdminContext) async throws {
        let body = try await context.server.patch(version)
        if output.format == .table, !output.quiet {
            try output.show(body.patch, on: context.console)
            try context.console.print("")
        }
        try output.show(body.files, document: body, empty: "It has no files.", on: context.console)
    }
}

extension PatchVersionBody: Detailed {
    public func details(_ text: HumanText) -> [Detail] {
        let awaited = record.awaited.map { ", \($0) not fetched yet" } ?? ""
        let present = (record.available == record.files ? "" : ", of which \(record.available) can be served") + awaited
        return [
            Detail("Version", Cell(record.version)),
            Detail("State", state),
            Detail("Tiers", Cell(listing: tiers)),
            Detail("Source", Cell(record.source.rawValue)),
            Detail("Arrived", Cell(text.time(record.arrived))),
            Detail("Released", Cell(text.time(record.released))),
            Detail("Files", Cell("\(text.count(record.files, "file"))\(present), \(text.size(record.bytes))")),
            Detail("CVEs", Cell(listing: record.cves)),
        ]
            + blocks.map {
                Detail("Blocked", Cell("\(text.time($0.blocked)) by deployment \($0.deployment): \($0.reason)", .bad))
            }
    }
}

extension PatchFileRecord: Listed {
    public static var columns: [Column] {
        [.whole("FILE"), .number("SIZE"), .whole("STATE"), .whole("RELEASED"), .text("SHA-256")]
    }

    public var quietValue: String { file.name.description }

    private var state: Cell {
        if isAwaited { return Cell("not fetched yet", .faint) }
        return available ? Cell("held", .good) : Cell("missing", .bad)
    }

    public func row(_ text: HumanText) -> [Cell] {
        [
            Cell(file.name), Cell(text.size(file.length)), state,
            Cell(text.time(file.released)), Cell(file.digest),
        ]
    }
}
