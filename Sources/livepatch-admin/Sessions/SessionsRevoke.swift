import ArgumentParser
import LivepatchAPI
import LivepatchConsole

struct SessionsRevoke: AdminCommand {
    static let configuration = CommandConfiguration(
        "revoke", "Ends logins at once.",
        does: """
            Ends the logins whose ids are given, or begin so; all of a user; or everybody's, yours among them. Whoever was logged in \
            has to log in again. A password that others know has to be changed besides: with the change all logins of its user end.
            """,
        examples: ["sessions revoke 1f3a9c", "sessions revoke --user deploy", "sessions revoke --all"])

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    @Argument(help: "The beginnings of the ids, at least four characters of each.")
    var id: [String] = []

    @Option(help: "The user whose logins end.")
    var user: String?

    @Flag(help: "The logins of all users end.")
    var all = false

    func validate() throws {
        guard [!id.isEmpty, user != nil, all].count(where: { $0 }) == 1 else {
            throw ValidationError("Say which logins are to end: by ids, by --user, or by --all.")
        }
    }

    func run(_ context: AdminContext) async throws {
        let body = try await context.server.endSessions(
            SessionRevocationBody(ids: id.isEmpty ? nil : id, user: user, everybody: all ? true : nil))
        try output.show(body.sessions, document: body, empty: "There were no such logins.", on: context.console)
    }
}
