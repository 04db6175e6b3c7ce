import ArgumentParser
import LivepatchAPI
public import LivepatchConsole
import LivepatchFiles
public import LivepatchKit

struct TrustPublish: AdminCommand {
    static let configuration = CommandConfiguration(
        "publish", "Brings a signed root to its server, which publishes everything else under it.",
        does: """
            The server checks the root as those below it will: the version after the present one, signatures as many as the present \
            root and the new one ask for, an expiry to come, and for all other roles the server's own keys. Anything else is refused \
            and changes nothing. Servers below follow with their next sync. --quiet prints the new root's fingerprint.
            """,
        examples: ["trust publish next-root.json"])

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "The root's file, with all signatures.", completion: .file())
    var file: String

    func run(_ context: AdminContext) async throws {
        let root = try RootProposalFile(at: file).read()
        let document = String(decoding: root.document, as: UTF8.self)
        let published = try await context.server.publishRoot(root.kind, RootBody(document: document))
        try output.show(published, on: context.console)
    }
}

extension TrustedRoot: Detailed {
    public var quietValue: String { fingerprint.description }

    public func details(_ text: HumanText) -> [Detail] {
        [
            Detail("Root", Cell("\(kind.rawValue) of \(signer), version \(version)")),
            Detail("Fingerprint", Cell(fingerprint)),
        ]
    }
}
