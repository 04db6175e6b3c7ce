import ArgumentParser
import LivepatchAPI
import LivepatchConsole
import LivepatchKit

struct CoverageImport: AdminCommand {
    static let configuration = CommandConfiguration(
        "import", "Takes entries out of a file, all of them or none.",
        does: """
            The file is CSV with a heading, or a list in YAML or JSON, as `list` prints it. Columns and members are \
            \(CoverageFile.names.joined(separator: ", ")); codename and oldestBuild may be empty. Times are days, or in RFC 3339. \
            Entries that are there already are changed, others stay, unless --replace says that the file is the whole table. If \
            anything in the file is wrong, all of it is listed, nothing is changed, and the exit status is 65.
            """,
        examples: ["kernels coverage import coverage.csv --dry-run", "kernels coverage import coverage.yaml --replace"])

    @OptionGroup var server: ServerOptions
    @OptionGroup var change: CoverageChangeOptions

    @Argument(help: "The file.", completion: .file())
    var file: String

    @Flag(help: "Remove this server's own entries that are not in the file.")
    var replace = false

    func run(_ context: AdminContext) async throws {
        let read = try CoverageFile(at: file).read()
        guard read.mistakes.isEmpty else {
            for mistake in read.mistakes.prefix(20) { context.console.note("\(file): \(mistake)") }
            if read.mistakes.count > 20 { context.console.note("… and \(read.mistakes.count - 20) more mistakes.") }
            context.console.note("Nothing was imported.")
            throw ExitStatus.dataError.exit
        }
        guard !read.entries.isEmpty || replace else {
            throw LivepatchError(
                .malformedValue, "'\(file)' has no entries.",
                suggestion: "With --replace, a file without entries removes all of this server's own.")
        }
        try await change.carryOut(CoverageChange(set: read.entries, replacesAll: replace), context)
    }
}
