public import ArgumentParser
import FoundationEssentials
public import LivepatchKit

/// The options that give the key of a backup's keys.
public struct BackupKeyOptions: ParsableArguments {
    @Flag(help: "Ask for the passphrase of the backup's keys.")
    public var passphrase = false

    @Option(help: ArgumentHelp("A file that holds that passphrase.", valueName: "file"))
    public var passphraseFile: String?

    @Option(help: ArgumentHelp("A file that holds the key instead: 32 bytes in base64.", valueName: "file"))
    public var keyFile: String?

    /// For the parser alone, which fills in the values.
    public init() {}

    public var isGiven: Bool { passphrase || passphraseFile != nil || keyFile != nil }

    public func validate() throws {
        if [passphrase, passphraseFile != nil, keyFile != nil].count(where: { $0 }) > 1 {
            throw ValidationError("Give one of --passphrase, --passphrase-file and --key-file.")
        }
    }

    /// The key for a new backup; `nil` if none is given. A passphrase is asked for twice.
    /// - Throws: ``LivepatchError`` with the codes `malformed-value`, `malformed-request`, `not-found`.
    public func making(on console: Console) throws -> BackupKey? {
        let input = SecretInput(console: console)
        if let keyFile { return try BackupKey(file: input.readFile(keyFile)) }
        guard passphrase || passphraseFile != nil else { return nil }
        let text = try read(input)
        if passphrase, try input.ask("The passphrase again:") != text {
            throw LivepatchError(.malformedRequest, "The two passphrases are different.", suggestion: "Try again.")
        }
        let salt = Data((0..<32).map { _ in UInt8.random(in: .min ... .max) })
        return try BackupKey(passphrase: text, BackupKeyDerivation.Scrypt(salt: salt))
    }

    /// The key of a backup that there is; `nil` if it holds no keys.
    /// - Throws: ``LivepatchError`` with the code `backup-locked` if the wrong kind or none is given, and those of ``making(on:)``.
    public func opening(_ backup: Backup, on console: Console) throws -> BackupKey? {
        let input = SecretInput(console: console)
        switch backup.manifest.keys {
        case nil: return nil
        case .file:
            guard let keyFile else {
                throw LivepatchError(
                    .backupLocked, "The keys in this backup are encrypted with a key file.",
                    suggestion: "Give it with --key-file.")
            }
            return try BackupKey(file: input.readFile(keyFile))
        case .passphrase(let scrypt):
            guard passphrase || passphraseFile != nil else {
                throw LivepatchError(
                    .backupLocked, "The keys in this backup are encrypted with a passphrase.",
                    suggestion: "Give it with --passphrase or --passphrase-file.")
            }
            return try BackupKey(passphrase: read(input), scrypt)
        }
    }

    private func read(_ input: SecretInput) throws -> String {
        if let passphraseFile { return try input.readFile(passphraseFile) }
        return try input.ask("The passphrase of the backup's keys:")
    }
}
