import ArgumentParser
import FoundationEssentials
import LivepatchAPI
import LivepatchConsole
import LivepatchKit

struct PatchImportCommand: AdminCommand {
    static let configuration = CommandConfiguration(
        "import", "Uploads patch files, which then enter the first tier.",
        does: """
            Takes files and directories; of a directory the patch files directly in it (livepatch-*.tar.bz2). The server looks into \
            each file and refuses what is not a live patch for the kernel that the name says. A refused file does not stop the \
            others: all refusals are listed at the end, and the exit status is 65. What is there already with the same content is \
            left as it is, so an interrupted import is simply repeated.

            Possible only at the origin of a chain, not on a server that syncs from another.
            """,
        examples: [
            "patch import ./patches", "patch import livepatch-*-107.1-*.tar.bz2 --cve CVE-2024-1086",
            "patch import ./patches --released-at 2024-06-01T12:00:00Z",
        ])

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "Patch files, and directories of them.", completion: .file())
    var paths: [String]

    @Option(help: "A CVE that the patches fix; may be repeated, or list several with commas.")
    var cve: [String] = []

    @Option(
        help: ArgumentHelp(
            "When the patches were released, in RFC 3339; otherwise what the file says, or now.", valueName: "time"),
        transform: { text in
            guard let date = Timestamp.date(text) else {
                throw LivepatchError(
                    .malformedValue, "'\(text)' is not a time.", suggestion: "Write it like 2024-06-01T12:00:00Z.")
            }
            return date
        })
    var releasedAt: Date?

    @Option(help: "How many files are uploaded at once, 1 to 4.")
    var jobs = 3

    func validate() throws {
        guard !paths.isEmpty else { throw ValidationError("Name a patch file or a directory of patch files.") }
        guard (1...4).contains(jobs) else { throw ValidationError("--jobs is 1 to 4.") }
    }

    func run(_ context: AdminContext) async throws {
        let cves = cve.flatMap { $0.split(separator: ",").map(String.init) }
        let metadata = PatchMetadata(cves: cves.isEmpty ? nil : cves, released: releasedAt)
        try metadata.validate()
        let selection = try ImportSelection(paths)
        if selection.ignored > 0 {
            context.console.note(
                "\(context.console.humanText.count(selection.ignored, "file")) in the directories have no patch file's name and are left out."
            )
        }
        let uploads = ImportRun(server: context.server, metadata: metadata, atOnce: jobs)
        let bar = ProgressBar("Importing", on: context.console, silent: output.quiet)
        let (summary, stopped) = await uploads.run(selection.files, bar: bar)
        bar.end()
        try show(summary, on: context.console)
        if let stopped { throw stopped }
        if !summary.refused.isEmpty { throw ExitStatus.dataError.exit }
    }

    private func show(_ summary: ImportSummary, on console: Console) throws {
        if output.quiet {
            try console.print(summary.imported.map(\.file.name.description))
            for refusal in summary.refused { console.note("\(refusal.file): \(refusal.message)") }
        } else if output.format != .table {
            try output.show(document: summary, on: console)
        } else {
            try console.print(summary.lines(console.humanText, on: console.output.terminal))
        }
    }
}
