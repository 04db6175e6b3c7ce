import LivepatchAPI
import ArgumentParser
import LivepatchConsole
import LivepatchKit

struct Login: AdminCommand {
    static let configuration = CommandConfiguration(
        "login", "Logs in to a server.",
        does: """
            Exchanges a user's password for a session that lasts ten days, and keeps the session in a file of mode 0600 under \
            $XDG_CONFIG_HOME/livepatch (or ~/.config/livepatch), one for each server. The password itself is not kept.

            Without a password after the user, it is asked for at the terminal. Prefer that, or --password-stdin, to USER:PASSWORD: \
            what stands on a command line can be read by every user of the machine.
            """,
        examples: [
            "login -a admin", "login -a admin --password-stdin < password.txt",
            "login -a admin:secret --url https://patches.example.com",
        ])
    static let needsLogin = false
    static let takesBearer = false

    @OptionGroup var server: ServerOptions

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The user (default: admin), and the password unless it is asked for.", valueName: "user[:password]"))
    var auth: String?

    @Flag(help: "Read the password from standard input.")
    var passwordStdin = false

    func validate() throws {
        if auth?.hasPrefix(":") == true || auth?.isEmpty == true { throw ValidationError("--auth names no user.") }
        if passwordStdin, auth == nil { throw ValidationError("--password-stdin needs the user: -a USER.") }
        if passwordStdin, auth?.contains(":") == true {
            throw ValidationError("The password was given twice: in --auth and on standard input.")
        }
    }

    func run(_ context: AdminContext) async throws {
        if ClearText.isUsed(by: context.address) {
            context.console.warn(
                "The password is sent to \(context.address) unencrypted. Use https where others share the network.")
        }
        let (user, password) = try credentials(SecretInput(console: context.console), address: context.address)
        let login = try await context.server.login(user: user, password: password)
        try context.sessions.keep(
            SessionStore.Session(server: context.address, token: login.token, user: login.user, expires: login.expires))
        context.console.note(
            "Logged in to \(context.address) as \(login.user) (role \(login.role.rawValue)); the session ends \(context.console.humanText.time(login.expires))."
        )
    }

    private func credentials(_ input: SecretInput, address: String) throws -> (user: String, password: String) {
        let parts = (auth ?? "admin").split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        if parts.count == 2 { return (parts[0], parts[1]) }
        if passwordStdin { return (parts[0], try input.readStandardInput()) }
        return (parts[0], try input.ask("Password of \(parts[0]) at \(address):"))
    }
}
