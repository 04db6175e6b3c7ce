import ArgumentParser

extension CommandConfiguration {
    /// A command that does something: what it is, what it will do, and how it is called.
    init(
        _ name: String, _ abstract: String, does explanation: String, examples: [String], aliases: [String] = []
    ) {
        let lines = examples.map { "  livepatch-admin \($0)" }.joined(separator: "\n")
        self.init(
            commandName: name, abstract: abstract, discussion: "\(explanation)\n\nExamples:\n\(lines)", aliases: aliases)
    }
}
