import ArgumentParser
import LivepatchConsole
import LivepatchFiles
import LivepatchKit

/// Works without a server: it is meant for a machine that is not on a network.
struct TrustSign: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        "sign", "Signs a root with a key that is kept away from servers.",
        does: """
            Needs no server. Shows what the root says, which of it differs from the root before, and whose signatures both of them \
            ask for; then adds the key's signature to the file. Compare what it shows with what was agreed on: --show does not sign.
            """,
        examples: ["trust sign next-root.json --show", "trust sign next-root.json --key anna.key"])

    @OptionGroup var output: OutputOptions

    @Argument(help: "The root's file, as root-init or another holder of a key wrote it.", completion: .file())
    var file: String

    @Option(help: ArgumentHelp("The private key's file.", valueName: "file"), completion: .file())
    var key: String?

    @Flag(help: "Show what there is to sign, and do not sign.")
    var show = false

    func validate() throws {
        guard show != (key != nil) else { throw ValidationError("Give --key to sign, or --show to look only.") }
    }

    func run() async throws { try await run(on: .standard()) }

    func run(on console: Console) async throws {
        let proposal = RootProposalFile(at: file)
        var root = try proposal.read()
        guard let key else { return try output.show(root.summary, on: console) }
        let isTable = !output.quiet && output.format == .table
        // What is signed is shown before it is signed.
        if isTable { try output.show(root.summary, on: console) }
        let isNew = try await root.sign(with: TrustKeyFile(at: key).key())
        if isNew { try proposal.write(root, replacing: true) }
        if !isTable { try output.show(root.summary, on: console) }
        tell(root.summary, isNew, on: console)
    }

    private func tell(_ summary: RootSummary, _ isNew: Bool, on console: Console) {
        guard !output.quiet else { return }
        console.note(isNew ? "Signed with '\(key ?? "")'." : "This key had signed it already; nothing was changed.")
        for demand in summary.demands where !demand.isMet { console.note("Still missing: \(demand).") }
        console.note(
            summary.isComplete
                ? "All signatures are there: `livepatch-admin trust publish \(file)`."
                : "A server that still has the previous root's key in its data directory adds that signature when it is published."
        )
    }
}
