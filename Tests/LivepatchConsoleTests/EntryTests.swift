import ArgumentParser
import ConsoleRecording
import LivepatchAPI
import LivepatchKit
import Testing

@testable import LivepatchConsole

private struct Thrower: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "livepatch-example", version: Release.version)

    @Argument var code: String
    @Option var count = 1

    func run() async throws {
        switch code {
        case "fine": return
        case "closed": throw OutputClosed()
        case "cancellation": throw CancellationError()
        case "partial": throw ExitStatus.dataError.exit
        case "strange": throw Strange()
        case "validation": throw ValidationError("It does not fit.")
        default: throw LivepatchError(.init(rawValue: code), "It failed.\nBadly.", suggestion: "Do something.")
        }
    }

    struct Strange: Error {}
}

private struct Tree: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "tree", subcommands: [Branch.self])

    struct Branch: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "branch", subcommands: [Leaf.self])
    }

    struct Leaf: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "leaf", aliases: ["needle"])
        @Argument var words: [String] = []
    }
}

@Suite struct EntryTests {
    @Test(arguments: [
        (["branhc"], "There is no command 'tree branhc'. Did you mean 'tree branch'?"),
        (["branc"], "There is no command 'tree branc'. Did you mean 'tree branch'?"),
        (["branch", "Leef"], "There is no command 'tree branch Leef'. Did you mean 'tree branch leaf'?"),
        (["branch", "xyz"], "There is no command 'tree branch xyz'. See 'tree branch --help' for what there is."),
    ]) func `A mistyped command is answered with the likely one`(arguments: [String], message: String) async {
        let ending = await CommandEntry(console: RecordedConsole().console).end(of: Tree.self, arguments: arguments)
        #expect(ending == CommandEntry.Ending(status: 64, errorOutput: "tree: \(message)\n"))
    }

    @Test(arguments: [
        ["branch", "leaf", "branhc"], ["branch", "needle"], ["help", "branch"], ["--help"], ["branch", "--help"], [],
        ["help", "branch", "leaf"],
    ]) func `Arguments, aliases and help are not taken for mistyped commands`(arguments: [String]) async {
        let ending = await CommandEntry(console: RecordedConsole().console).end(of: Tree.self, arguments: arguments)
        #expect(ending.status == 0)
    }

    private func ending(_ arguments: String...) async -> CommandEntry.Ending {
        await CommandEntry(console: RecordedConsole().console).end(of: Thrower.self, arguments: arguments)
    }

    @Test(arguments: LivepatchError.Code.allCases)
    func `Every error is one line and the exit status of its code`(code: LivepatchError.Code) async {
        let ending = await ending(code.rawValue)
        #expect(ending.status == ErrorDisposition(of: code).exit.rawValue)
        #expect(ending.errorOutput == "livepatch-example: It failed. Badly. Do something.\n")
        #expect(ending.output == "")
        #expect(ending.status != 0)
    }

    @Test func `A command that ends well is silent`() async {
        #expect(await ending("fine") == CommandEntry.Ending(status: 0))
    }

    @Test func `A status without a message is that status alone`() async {
        #expect(await ending("partial") == CommandEntry.Ending(status: 65))
    }

    @Test func `A reader who has gone is not an error to talk about`() async {
        #expect(await ending("closed") == CommandEntry.Ending(status: 141))
    }

    @Test func `Cancellation asks for another try, and a stranger is a fault of the program`() async {
        #expect(await ending("cancellation").status == 75)
        #expect(await ending("strange").status == 70)
    }

    @Test(arguments: [["fine", "--count", "x"], ["fine", "--wrong"], [], ["validation"]])
    func `Mistakes on the command line end with 64 and the usage`(arguments: [String]) async {
        let ending = await CommandEntry(console: RecordedConsole().console).end(of: Thrower.self, arguments: arguments)
        #expect(ending.status == 64)
        #expect(ending.errorOutput.hasPrefix("livepatch-example: "))
        #expect(ending.errorOutput.lowercased().contains("usage: livepatch-example"))
        #expect(ending.output == "")
    }

    @Test func `Help and version are output`() async {
        #expect(await ending("--version") == CommandEntry.Ending(status: 0, output: "\(Release.version)\n"))
        let help = await ending("--help")
        #expect(help.status == 0)
        #expect(help.output.contains("USAGE: livepatch-example"))
    }

    @Test(arguments: ["bash", "zsh", "fish"]) func `Shells get their completion script`(shell: String) async {
        let ending = await ending("--generate-completion-script", shell)
        #expect(ending.status == 0)
        #expect(ending.output.contains("livepatch-example"))
    }

    @Test func `Output that cannot be written is an error, and notes are not`() throws {
        let recorded = RecordedConsole(failing: OutputClosed())
        #expect(throws: OutputClosed.self) { try recorded.console.print("x") }
        let silent = Console(
            output: RecordedOutput(), errorOutput: RecordedOutput(failing: OutputClosed()), environment: [:])
        silent.note("x")
        silent.warn("x")
    }
}
