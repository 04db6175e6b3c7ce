import ArgumentParser
import LivepatchKit

/// A word on the command line that stands where a command should, and is none.
struct UnknownCommand: Hashable, Sendable {
    /// The command before it, with the words that call it: `livepatch-admin patch`.
    let parent: String
    let word: String
    /// The command that was probably meant.
    let nearest: String?

    /// - Returns: `nil` if the words before the first option are commands, or arguments of one.
    init?(in arguments: [String], of root: any ParsableCommand.Type) {
        var command = root
        var words = [root._commandName]
        for word in arguments {
            let children = command.configuration.subcommands
            guard !children.isEmpty, !word.hasPrefix("-"), !(words.count == 1 && word == "help") else { return nil }
            let names = children.flatMap { [$0._commandName] + $0.configuration.aliases }
            guard let child = children.first(where: { ([$0._commandName] + $0.configuration.aliases).contains(word) }) else {
                // It is an argument of the command that is meant where none is named.
                guard command.configuration.defaultSubcommand == nil else { return nil }
                parent = words.joined(separator: " ")
                self.word = word
                nearest = Self.nearest(to: word, among: names)
                return
            }
            command = child
            words.append(word)
        }
        return nil
    }

    var message: String {
        let suggestion = nearest.map { "Did you mean '\(parent) \($0)'?" } ?? "See '\(parent) --help' for what there is."
        return "There is no command '\(parent) \(PrintableText.line(word))'. \(suggestion)"
    }

    /// The name with the fewest changed letters, if it is not another word altogether.
    private static func nearest(to word: String, among names: [String]) -> String? {
        let candidates = names.map { (name: $0, distance: EditDistance.between(Array(word.lowercased()), Array($0))) }
        guard let best = candidates.min(by: { $0.distance < $1.distance }) else { return nil }
        return best.distance <= max(1, best.name.count / 3) ? best.name : nil
    }
}
