import ArgumentParser
import LivepatchConsole
import LivepatchFiles
import LivepatchKit

/// Works without a server: it is meant for a machine that is not on a network.
struct TrustGenerateKey: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        "generate-key", "Makes a key that is kept away from servers, to sign roots with.",
        does: """
            Needs no server. Writes the private key into the file, for its owner alone, and its public part into FILE.pub, which is \
            no secret: give it to whoever prepares the root. Prints the public part and the id that roots list the key under; compare \
            that id when the root is signed. --quiet prints the id.
            """,
        examples: ["trust generate-key anna.key"])

    @OptionGroup var output: OutputOptions

    @Argument(help: "Where the private key is to be.", completion: .file())
    var file: String

    func run() async throws { try await run(on: .standard()) }

    func run(on console: Console) async throws {
        let key = TrustKeyFile(at: file)
        let made = GeneratedKey(file: file, publicFile: key.publicPath, publicKey: try key.generate())
        try output.show(made, on: console)
        if !output.quiet {
            console.note(
                "Keep '\(file)' offline, and a copy of it elsewhere. Nobody else needs it; '\(key.publicPath)' is for all.")
        }
    }
}

/// A key that was made.
struct GeneratedKey: Detailed {
    let file: String
    let publicFile: String
    let publicKey: TrustPublicKey
    let id: String

    init(file: String, publicFile: String, publicKey: TrustPublicKey) {
        self.file = file
        self.publicFile = publicFile
        self.publicKey = publicKey
        id = publicKey.id
    }

    var quietValue: String { id }

    func details(_ text: HumanText) -> [Detail] {
        [Detail("Key", Cell(id)), Detail("Public part", Cell(publicKey)), Detail("In", Cell(publicFile))]
    }
}
