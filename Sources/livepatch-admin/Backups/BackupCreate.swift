import ArgumentParser
import LivepatchAPI
import LivepatchArchive
import LivepatchConsole
import LivepatchFiles
import LivepatchKit

struct BackupCreate: AdminCommand {
    static let configuration = CommandConfiguration(
        "create", "Takes a backup of a server.",
        does: """
            It holds the database, and what was signed and is trusted, as they are at one moment; the server works on meanwhile. The \
            server's keys are in it only with a passphrase or a key file, and encrypted: without its keys a restored server is \
            another one to those who sync from it. The file has its name only when all of it has arrived and been verified, and nobody \
            else can read it: it holds hashes of passwords and tokens. With - it goes to standard output, unverified.
            """,
        examples: [
            "backup create site.tar --with-patches --passphrase", "backup create site.tar --passphrase-file passphrase.txt",
            "backup create site.tar --key-file backup.key --format json",
        ])

    @OptionGroup var server: ServerOptions
    @OptionGroup var key: BackupKeyOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: ArgumentHelp("The backup's file, or - for standard output.", valueName: "out"))
    var out: String

    @Flag(help: "Take the content of patch files along.")
    var withPatches = false

    func run(_ context: AdminContext) async throws {
        let console = context.console
        if out != "-" { try BackupFile.requireAbsent(out) }
        let key = try key.making(on: console)
        let bar = ProgressBar("Backing up", on: console, silent: output.quiet)
        defer { bar.end() }
        let file = try out == "-" ? BundleOutput.standardOutput : BundleOutput(out, isPrivate: true)
        let manifest: BackupManifest?
        do {
            try await context.server.backup(BackupBody(patches: withPatches, key: key)) { bytes in
                bar.update { $0.bytesDone += Int64(bytes.count) }
                try await file.write(bytes)
            }
            manifest = try await verified(file, key)
            try await file.finish()
        } catch {
            await file.discard()
            throw error
        }
        bar.end()
        if key == nil {
            console.warn(
                "The backup holds no keys of the server: keep a copy of its directory 'keys' elsewhere, or use --passphrase.")
        }
        if let manifest { try output.show(manifest, on: console) }
    }

    /// Reads again what has been written.
    /// - Returns: `nil` for standard output.
    private func verified(_ file: BundleOutput, _ key: BackupKey?) async throws -> BackupManifest? {
        guard let reader = try file.reader() else { return nil }
        let backup = try Backup(TarBundle(reader, as: .backup))
        try await backup.verify(key: key)
        return backup.manifest
    }
}
