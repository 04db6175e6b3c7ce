import ArgumentParser
import LivepatchArchive
public import LivepatchConsole
import LivepatchFiles
public import LivepatchKit

struct BackupVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        "verify", "Verifies all of a backup, without a server.",
        does: """
            Compares every byte with the digests in its list. With the passphrase or the key file it also tries to decrypt the keys. The \
            list is not signed: it shows accidents, not forgery.
            """,
        examples: ["backup verify site.tar", "backup verify site.tar --key-file backup.key"])

    @Argument(help: ArgumentHelp("The backup.", valueName: "file"))
    var file: String

    @OptionGroup var key: BackupKeyOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let console = Console.standard()
        let backup = try Backup(TarBundle(BundleFile.open(file), as: .backup))
        let key = key.isGiven ? try key.opening(backup, on: console) : nil
        let bar = ProgressBar("Verifying", on: console, silent: output.quiet)
        defer { bar.end() }
        bar.update { $0.bytes = backup.manifest.totalBytes }
        try await backup.verify(key: key) { count in bar.update { $0.bytesDone += count } }
        bar.end()
        try output.show(backup.manifest, on: console)
    }
}

extension BackupManifest: Detailed {
    public var quietValue: String { deployment.description }

    public func details(_ text: HumanText) -> [Detail] {
        let protection: Cell =
            switch keys {
            case nil: Cell("none", .warning)
            case .file: "encrypted, with a key file"
            case .passphrase: "encrypted, with a passphrase"
            }
        return [
            Detail("Server", Cell(deployment)), Detail("Release", Cell(release)), Detail("Taken", Cell(text.time(created))),
            Detail("Files", Cell("\(members.count), \(text.size(totalBytes))")), Detail("Keys", protection),
            Detail("Patch files", includesPatches ? Cell("in it") : Cell("not in it", .warning)),
            Detail("Verified", Cell("whole", .good)),
        ]
    }
}
