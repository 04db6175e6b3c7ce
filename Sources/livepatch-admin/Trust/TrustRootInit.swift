public import ArgumentParser
import FoundationEssentials
import LivepatchAPI
public import LivepatchConsole
import LivepatchFiles
public import LivepatchKit

struct TrustRootInit: AdminCommand {
    static let configuration = CommandConfiguration(
        "root-init", "Prepares a repository's next root, to be signed with keys that are kept elsewhere.",
        does: """
            Asks the server for its present root and writes the next one, which nobody has signed yet, into a new file. With --key \
            the given keys (their public files) are those that sign roots from then on, --threshold of them each time; without, the keys stay as they \
            are, and the root is renewed. All else stays, but for keys of the server that have changed. The server changes nothing \
            until the root is published.
            """,
        examples: [
            "trust root-init origin --key a --key b --threshold 2 next",
            "trust root-init tiers --valid-for 180d next-root.json",
        ])

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "Whose root: 'origin' (what patches are) or 'tiers' (who gets them).")
    var kind: TrustedRoot.Kind

    @Argument(help: "The file to write.", completion: .file())
    var file: String

    @Option(
        name: .customLong("key"), help: ArgumentHelp("The public part of a root key, once for each.", valueName: "file"),
        completion: .file())
    var keys: [String] = []

    @Option(help: ArgumentHelp("How many of the root keys have to sign (default: as many as now).", valueName: "number"))
    var threshold: Int?

    @Option(help: ArgumentHelp("How long it is good.", valueName: "duration"), transform: duration)
    var validFor: Duration = .seconds(365 * 86_400)

    func validate() throws {
        if let threshold, threshold < 1 { throw ValidationError("--threshold is at least 1.") }
        if !keys.isEmpty, threshold == nil {
            throw ValidationError("--key needs --threshold: how many of the keys have to sign.")
        }
        guard validFor >= .seconds(86_400), validFor <= .seconds(3650 * 86_400) else {
            throw ValidationError("--valid-for is from 1d to 3650d.")
        }
    }

    func run(_ context: AdminContext) async throws {
        let rootKeys = try keys.map { try TrustKeyFile.publicKey(at: $0) }
        let expires = context.console.now() + Double(validFor.components.seconds)
        let proposal = try RootProposal(
            after: try await context.server.rootBasis(kind), rootKeys: rootKeys, threshold: threshold, expires: expires)
        try RootProposalFile(at: file).write(proposal, replacing: false)
        try output.show(proposal.summary, on: context.console)
        if !output.quiet {
            context.console.note("Have '\(file)' signed with `livepatch-admin trust sign \(file) --key KEYFILE`.")
        }
    }
}

extension TrustedRoot.Kind: ExpressibleByArgument {}

extension RootSummary: Detailed {
    public var quietValue: String { "\(version)" }

    public func details(_ text: HumanText) -> [Detail] {
        let changes = roles.map { role in
            let keys = role.keys.map { String($0.prefix(12)) }.joined(separator: ", ")
            let mark = role.isChanged ? " (changed)" : ""
            return Detail(
                "Keys of \(role.name)",
                Cell("\(role.threshold) of \(role.keys.count): \(keys)\(mark)", role.isChanged ? .warning : .plain))
        }
        return [
            Detail("Root", Cell("\(kind.rawValue) of \(signer), version \(version)")),
            Detail("Follows", Cell("version \(previous.version), \(previous.fingerprint)")),
            Detail("Expires", Cell(text.time(expires))),
        ] + changes + demands.map { Detail("Signatures", Cell("\($0)", $0.isMet ? .good : .warning)) }
    }
}
