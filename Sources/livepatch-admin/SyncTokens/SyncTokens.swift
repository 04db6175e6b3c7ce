import ArgumentParser

struct SyncTokens: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync-tokens", abstract: "Issues and revokes the tokens that downstream servers sync with.",
        discussion: """
            A sync token opens a tier and every later one to a downstream. Its secret is shown once, when it is issued or rotated; \
            the server keeps only a hash of it.

            Examples:
              livepatch-admin sync-tokens add edge my-token
              TOKEN=$(livepatch-admin sync-tokens add edge my-token --quiet)
              livepatch-admin sync-tokens list
            """,
        subcommands: [SyncTokensAdd.self, SyncTokensList.self, SyncTokensRevoke.self, SyncTokensRotate.self])
}
