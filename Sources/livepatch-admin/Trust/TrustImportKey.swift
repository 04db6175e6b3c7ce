public import ArgumentParser
import LivepatchConsole
import LivepatchFiles
public import LivepatchKit

/// The one command that works on a server's files, and not over the network: private keys do not travel.
struct TrustImportKey: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        "import-key", "Brings a private key into a server's data directory.",
        does: """
            Works on the machine of the server, which must not be running. The file holds the 32 secret bytes of an Ed25519 key \
            in base64, readable for its owner alone. A server without a key of some name makes one when it first signs, so bring \
            keys before its first start, or a root's key for as long as a new root has to be signed. Another key is only \
            replaced with --force, and then kept beside the new one.
            """,
        examples: [
            "trust import-key origin-root /media/root.key --data-dir data",
            "trust import-key tiers-online new.key --data-dir data --force",
        ])

    @Argument(
        help: ArgumentHelp("Which key: \(TrustKeyName.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "name"))
    var name: TrustKeyName

    @Argument(help: "The file that holds the key.", completion: .file())
    var file: String

    @Option(help: ArgumentHelp("The server's data directory (server.data-directory).", valueName: "directory"))
    var dataDir: String

    @Flag(help: "Replace another key of that name.")
    var force = false

    func run() async throws { try await run(on: .standard()) }

    func run(on console: Console) async throws {
        let directory = DataDirectory(dataDir)
        let outcome = try await directory.serverLock().tryExclusive {
            try await DirectoryTrustKeyStore(at: directory.keys).take(SecretFile(at: file), as: name, replacing: force)
        }
        switch outcome {
        case .added?: console.note("The server will sign with this key as '\(name.rawValue)'. Delete '\(file)' if it is a copy.")
        case .unchanged?: console.note("This is the key that is there already; nothing was changed.")
        case .replaced(let former)?:
            console.note("The key '\(name.rawValue)' was replaced. The former one is in '\(former)'; keep it away from here.")
        case nil:
            throw LivepatchError(
                .storageBusy, "A livepatch-server is using the data directory '\(directory.path)'.",
                suggestion: "Stop it first: it signs with the keys that it has found.")
        }
    }
}

extension TrustKeyName: ExpressibleByArgument {}
