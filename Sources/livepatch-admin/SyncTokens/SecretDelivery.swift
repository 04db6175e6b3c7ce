import ArgumentParser
import LivepatchAPI
import LivepatchConsole
import LivepatchKit

/// Where a secret goes that is told once: to standard output, alone, or into a file that only its owner can read.
struct SecretDelivery: ParsableArguments {
    @Option(
        name: .customLong("output"),
        help: ArgumentHelp("Write the secret to a new file of mode 0600 instead of printing it.", valueName: "file"),
        completion: .file())
    var path: String?

    @Flag(help: "Replace the file that --output names.")
    var force = false

    func validate() throws {
        if force, path == nil { throw ValidationError("--force replaces the file that --output names, and there is none.") }
    }

    /// Has a token issued and hands its secret over. The file is made first: where it cannot be, no token is issued.
    ///
    /// - Parameter sentence: what was done, for the person at the terminal.
    func deliver<Issued: IssuedSecret>(
        _ output: OutputOptions, on console: Console, issue: () async throws -> Issued, sentence: (Issued) -> String
    ) async throws {
        guard let path else {
            let issued = try await issue()
            if !output.quiet, output.format == .table {
                console.note("\(sentence(issued)) This is the only time that its secret is shown:")
            }
            if output.format == .table {
                try console.print(issued.secret)
            } else {
                try output.show(document: issued, on: console)
            }
            tell(issued, output, on: console)
            return
        }
        let file = try PrivateFile(path: path, replacing: force)
        let issued: Issued
        do {
            issued = try await issue()
        } catch {
            file.discard()
            throw error
        }
        do {
            try file.finish(issued.secret + "\n")
        } catch {
            console.warn("\(issued.issuance), but its secret is lost: \(issued.remedy).")
            throw error
        }
        if output.format != .table { try output.show(document: issued.token, on: console) }
        if !output.quiet { console.note("\(sentence(issued)) Its secret is in '\(path)'.") }
        tell(issued, output, on: console)
    }

    /// Tells what whoever uses the token should trust, with the words that make it so.
    private func tell(_ issued: some IssuedSecret, _ output: OutputOptions, on console: Console) {
        guard !issued.roots.isEmpty, !output.quiet, output.format == .table else { return }
        console.note("What this server shows is signed, beginning with these roots:")
        for root in issued.roots {
            console.note("  \(root.fingerprint)  \(root.kind.rawValue) of \(root.signer), root \(root.version)")
        }
        for line in issued.trustLines { console.note(line) }
    }
}
