import ArgumentParser
import LivepatchConsole
import LivepatchKit

struct MachinesTag: AdminCommand {
    static let configuration = CommandConfiguration(
        "tag", "Gives a machine labels, and takes labels away.",
        does: """
            `+LABEL` gives the label, `-LABEL` takes it away. A label has up to 64 letters, digits, dots, underscores, colons, equals \
            signs, slashes and hyphens; a machine has up to 32. Labels are of this server alone, and filter its lists.
            """,
        examples: ["machines tag 3f9a17c2 +canary -rack=7", "machines list --tag canary"])

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "The machine's own id, its hash, or eight digits of that or more.")
    var machine: String

    @Argument(parsing: .allUnrecognized, help: ArgumentHelp("+LABEL or -LABEL.", valueName: "change"))
    var changes: [String]

    func validate() throws {
        guard !changes.isEmpty, changes.allSatisfy({ ($0.hasPrefix("+") || $0.hasPrefix("-")) && $0.count > 1 }) else {
            throw ValidationError("Write +LABEL to give a label, and -LABEL to take one away.")
        }
    }

    func run(_ context: AdminContext) async throws {
        let machine = try await context.server.tagMachine(
            machine, add: changes.filter { $0.hasPrefix("+") }.map { String($0.dropFirst()) },
            remove: changes.filter { $0.hasPrefix("-") }.map { String($0.dropFirst()) })
        if output.format != .table || output.quiet { try output.show(machine, on: context.console) }
        let tags = machine.tags.isEmpty ? "no labels" : "the labels \(machine.tags.joined(separator: ", "))"
        context.console.note("The machine \(machine.id.description.prefix(12)) has \(tags).")
    }
}
