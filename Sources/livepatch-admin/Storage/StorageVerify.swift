import ArgumentParser
import LivepatchAPI
import LivepatchConsole
import LivepatchKit

struct StorageVerify: AdminCommand {
    static let configuration = CommandConfiguration(
        "verify", "Hashes all content again and names what is damaged.",
        does: """
            Compares the content of every patch file with its SHA-256, but for what is fetched when it is first asked for. With --repair what is damaged or missing is fetched from the \
            upstream again. The exit status is 74 if something is still wrong afterwards. With --quiet the names of these files alone.
            """,
        examples: ["storage verify", "storage verify --repair"])

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    @Flag(help: "Fetch what is damaged or missing from the upstream again.")
    var repair = false

    func run(_ context: AdminContext) async throws {
        let result = try await context.follow(context.server.verifyStorage(repair: repair), "Verifying", output)
        if output.quiet {
            try context.console.print(result.findings.filter { !$0.repaired }.map(\.file.description))
        } else if output.format != .table {
            try output.show(document: result, on: context.console)
        } else {
            try context.console.print(result.lines(context.console.humanText, on: context.console.output.terminal))
        }
        if result.needsAttention { throw ErrorDisposition(of: .storageDamaged).exit.exit }
    }
}

extension StorageVerification {
    func lines(_ text: HumanText, on terminal: Terminal) -> [String] {
        var lines: [String] = []
        if !findings.isEmpty {
            let columns: [Column] = [.whole("FILE"), .whole("FAULT"), .whole("REPAIRED"), .text("REASON")]
            let rows = findings.map { finding in
                [
                    Cell(finding.file), Cell(finding.fault.rawValue, .bad),
                    finding.repaired ? Cell("yes", .good) : Cell("no", .bad), Cell(finding.reason),
                ]
            }
            lines = Table(columns: columns, rows: rows).lines(for: terminal) + [""]
        }
        let wrong = findings.count { !$0.repaired }
        let repaired = findings.count - wrong
        let end = findings.isEmpty ? "all of it is right" : "\(wrong) wrong, \(repaired) repaired"
        let rest = awaited.map { " \(text.count($0, "file")) more not fetched yet." } ?? ""
        return lines + ["\(text.count(files, "file")) with \(text.size(bytes)) verified: \(end).\(rest)"]
    }
}
