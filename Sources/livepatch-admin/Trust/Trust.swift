import ArgumentParser

struct Trust: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trust", abstract: "Shows what is signed and trusted, and looks after the keys.",
        discussion: """
            What patches are and who gets them is signed. A server signs what it decides itself, relays what others have signed, and \
            checks everything that comes from its upstream.

            Examples:
              livepatch-admin trust status
              livepatch-admin trust status --format json
              livepatch-admin trust import-key origin-root /media/root.key --data-dir data
              livepatch-admin trust root-init origin next-root.json
            """,
        subcommands: [
            TrustStatusCommand.self, TrustImportKey.self, TrustGenerateKey.self, TrustRootInit.self, TrustSign.self,
            TrustPublish.self,
        ])
}
