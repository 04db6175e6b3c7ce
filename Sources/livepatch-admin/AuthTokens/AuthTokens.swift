import ArgumentParser

struct AuthTokens: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "auth-tokens", abstract: "Lists, moves and revokes the tokens that attach machines.",
        discussion: """
            An auth token attaches machines to a tier; `livepatch-admin auth-token` issues one. Each machine that registers gets a \
            token of its own, which works for as long as its auth token is not revoked.

            Examples:
              livepatch-admin auth-tokens list
              livepatch-admin auth-tokens move web-servers beta
              livepatch-admin auth-tokens revoke lab
            """,
        subcommands: [AuthTokensList.self, AuthTokensMove.self, AuthTokensRevoke.self])
}
