import ArgumentParser

struct Sessions: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sessions", abstract: "Shows and ends logins.",
        discussion: """
            A login lasts as long as the server's auth.session-lifetime says, unless it is ended, its user gets another password or \
            is removed. Other users' logins are shown to, and ended by, administrators with the role admin.

            Examples:
              livepatch-admin sessions list
              livepatch-admin sessions revoke 1f3a9c
            """,
        subcommands: [SessionsList.self, SessionsRevoke.self])
}
