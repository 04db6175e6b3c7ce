import ArgumentParser
import LivepatchAPI
import LivepatchConsole
import LivepatchKit

struct CoverageList: AdminCommand {
    static let configuration = CommandConfiguration(
        "list", "Lists which kernels are covered, and until when.",
        does: """
            Shows this server's own entries and the upstream's. With --format json or yaml the output is a document that `import` \
            takes: it brings the own entries back, and leaves the upstream's to the upstream.
            """,
        examples: ["kernels coverage list", "kernels coverage list --format yaml"])

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func run(_ context: AdminContext) async throws {
        let body = try await context.server.coverage()
        let own = Set(body.local.map(\.key))
        let lines =
            body.local.map { CoverageLine(entry: $0, source: "here") }
            + body.upstream.map { CoverageLine(entry: $0, source: own.contains($0.key) ? "upstream, replaced" : "upstream") }
        try output.show(
            lines.sorted { ($0.entry.key, $0.source) < ($1.entry.key, $1.source) }, document: body,
            empty: "The table is empty: kernels are supported if there are patches for them.", on: context.console)
    }
}

/// An entry in the list, with who made it.
struct CoverageLine: Listed {
    let entry: KernelCoverage
    let source: String

    static var columns: [Column] {
        [
            .whole("SERIES"), .whole("FLAVOUR"), .whole("ARCHITECTURE"), .whole("CODENAME"), .whole("COVERED UNTIL"),
            .whole("OLDEST BUILD"), .whole("FROM"),
        ]
    }

    var quietValue: String { "\(entry.key)" }

    func row(_ text: HumanText) -> [Cell] {
        let isOver = entry.coveredUntil < text.now
        return [
            Cell(entry.series), Cell(entry.flavour), Cell(entry.architecture), Cell(entry.codename),
            Cell(String(Timestamp.text(entry.coveredUntil).prefix(10)), isOver ? .warning : .plain),
            Cell(entry.oldestBuild.map { String(Timestamp.text($0).prefix(10)) }),
            Cell(source, source == "upstream, replaced" ? .faint : .plain),
        ]
    }
}
