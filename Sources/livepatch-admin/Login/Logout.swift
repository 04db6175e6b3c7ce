import ArgumentParser
import LivepatchConsole
import LivepatchKit

struct Logout: AdminCommand {
    static let configuration = CommandConfiguration(
        "logout", "Ends the session with a server.",
        does:
            "Tells the server to forget the session, and removes the file that it is kept in, even if the server cannot be reached.",
        examples: ["logout", "logout --url https://patches.example.com"])
    static let needsLogin = false
    static let takesBearer = false

    @OptionGroup var server: ServerOptions

    func run(_ context: AdminContext) async throws {
        guard try context.sessions.session(for: context.address, now: context.console.now()) != nil else {
            try context.sessions.forget(context.address)
            context.console.note("You were not logged in to \(context.address).")
            return
        }
        do {
            try await context.server.logout()
        } catch let error as LivepatchError where error.code == .loginRequired {
            // The server has forgotten the session by itself.
        } catch {
            try context.sessions.forget(context.address)
            context.console.warn("The session was removed here, but the server was not told, so it lasts there until it expires.")
            throw error
        }
        try context.sessions.forget(context.address)
        context.console.note("Logged out of \(context.address).")
    }
}
