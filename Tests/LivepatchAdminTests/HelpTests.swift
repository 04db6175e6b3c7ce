import ArgumentParser
import LivepatchAPI
import Testing

@testable import livepatch_admin

@Suite struct HelpTests {
    /// A command with the words that call it.
    struct Command: Sendable, CustomTestStringConvertible {
        let words: [String]
        let type: any ParsableCommand.Type
        var testDescription: String { words.joined(separator: " ") }
    }

    static let commands = commands(LivepatchAdmin.self, words: ["livepatch-admin"])

    private static func commands(_ type: any ParsableCommand.Type, words: [String]) -> [Command] {
        [Command(words: words, type: type)]
            + type.configuration.subcommands.flatMap { child in
                commands(child, words: words + [child.configuration.commandName ?? "?"])
            }
    }

    @Test func `Every documented command is there`() {
        let documented = [
            "login", "logout", "sessions list", "sessions revoke", "status", "doctor", "backup create", "backup verify",
            "history",
            "undo", "tier list", "tier add",
            "tier remove", "tier rename", "tier move",
            "tier snapshots", "tier restore", "patch list", "patch show", "patch import", "patch promote", "patch promote-all",
            "patch withdraw", "patch block", "patch unblock", "storage patches", "storage refresh", "storage verify",
            "storage gc", "storage prefetch", "sync-tokens add", "sync-tokens list", "sync-tokens revoke", "sync-tokens rotate",
            "sync trigger",
            "auth-token",
            "auth-tokens list", "auth-tokens move", "auth-tokens revoke",
            "sync status", "sync reports", "sync trace", "trust status", "trust import-key",
            "webhooks add", "webhooks list", "webhooks remove", "webhooks test", "webhooks enable", "webhooks deliveries",
            "webhooks retry",
            "kernels coverage list", "kernels coverage set", "kernels coverage remove", "kernels coverage import",
            "trust generate-key", "trust root-init", "trust sign", "trust publish", "report summary", "report patch-health",
            "report machines", "machines list", "machines show", "machines tag", "machines forget",
        ]
        let there = Self.commands.map { $0.words.dropFirst().joined(separator: " ") }
        #expect(Set(documented).subtracting(there) == [])
    }

    @Test(arguments: HelpTests.commands) func `Every command says what it does, with an example of itself`(command: Command) {
        let configuration = command.type.configuration
        #expect(configuration.abstract.hasSuffix("."))
        #expect(configuration.abstract.first?.isUppercase == true)
        let examples = configuration.discussion.split(separator: "Examples:").last.map(String.init) ?? ""
        #expect(examples.contains(command.words.joined(separator: " ")))
    }

    /// What stands in an example is taken by the parser.
    @Test(arguments: HelpTests.commands) func `Every example is a command line that can be read`(command: Command) throws {
        for line in command.type.configuration.discussion.split(separator: "\n") where line.hasPrefix("  livepatch-admin ") {
            let words = Self.words(String(line.dropFirst("  livepatch-admin ".count)))
            #expect(throws: Never.self) { _ = try LivepatchAdmin.parseAsRoot(words) }
        }
    }

    /// The words of a line as a shell reads them: quotes, and nothing after a redirection.
    private static func words(_ line: String) -> [String] {
        var words: [String] = []
        var word = ""
        var quoted = false
        for character in line.prefix(while: { $0 != "<" }) {
            switch character {
            case "'": quoted.toggle()
            case " " where !quoted:
                if !word.isEmpty { words.append(word) }
                word = ""
            default: word.append(character)
            }
        }
        return word.isEmpty ? words : words + [word]
    }

    @Test(arguments: HelpTests.commands) func `No command takes a secret from its arguments, but for login --auth`(
        command: Command
    ) {
        let help = command.type.helpMessage().lowercased()
        let options = help.matches(of: /--([a-z-]+) <([^> ]+)>/).map { (String($0.1), String($0.2)) }
        for (name, value) in options {
            let isSecret = ["password", "secret", "token", "key", "auth"].contains { name.contains($0) || value.contains($0) }
            // A file that holds a key is not the key.
            #expect(!isSecret || value == "file" || (command.words.last == "login" && name == "auth"), "--\(name) <\(value)>")
        }
    }

    @Test(arguments: HelpTests.commands) func `Whatever lists or changes something takes --format and --quiet`(command: Command) {
        guard command.type.configuration.subcommands.isEmpty else { return }
        let silent =
            ["login", "logout", "import-key"].contains(command.words.last ?? "")
            || command.words.last == "revoke" && command.words.suffix(2) != ["sessions", "revoke"]
            || command.words.suffix(2) == ["webhooks", "remove"]
        let help = command.type.helpMessage()
        #expect(help.contains("--format") != silent)
        #expect(help.contains("--quiet") != silent)
    }

    @Test(arguments: HelpTests.commands) func `Every change of tiers and patches can be tried out`(command: Command) {
        let changes: Set = [
            "add", "remove", "rename", "move", "restore", "promote", "promote-all", "withdraw", "block", "unblock", "undo", "gc",
        ]
        guard let name = command.words.last, changes.contains(name), !command.words.contains("sync-tokens"),
            !command.words.contains("auth-tokens"), !command.words.contains("webhooks")
        else { return }
        #expect(command.type.helpMessage().contains("--dry-run"))
    }

    @Test func `The version is the release's`() {
        #expect(LivepatchAdmin.configuration.version == Release.version)
    }

    /// Help is wrapped at 80 columns where there is no terminal.
    @Test(arguments: HelpTests.commands) func `Examples stay on their lines`(command: Command) {
        for line in command.type.configuration.discussion.split(separator: "\n") where line.hasPrefix("  ") {
            #expect(line.count <= 79)
        }
    }
}
