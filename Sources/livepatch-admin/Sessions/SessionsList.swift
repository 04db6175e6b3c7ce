import ArgumentParser
public import LivepatchAPI
public import LivepatchConsole

struct SessionsList: AdminCommand {
    static let configuration = CommandConfiguration(
        "list", "Lists logins: yours, another user's, or all.",
        does: "Shows when each was begun and from where, when it was last used, and when it ends. Their tokens are not shown.",
        examples: ["sessions list", "sessions list --user deploy", "sessions list --all --format json"])

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    @Option(help: "The user whose logins are meant.")
    var user: String?

    @Flag(help: "The logins of all users.")
    var all = false

    func validate() throws {
        if user != nil, all { throw ValidationError("--user and --all exclude each other.") }
    }

    func run(_ context: AdminContext) async throws {
        let body = try await context.server.sessions(of: user, everybody: all)
        try output.show(body.sessions, document: body, empty: "There are no such logins.", on: context.console)
    }
}

extension AdminSessionBody: Listed {
    public static var columns: [Column] {
        [
            .whole("ID"), .whole("USER"), .whole("BEGAN"), .whole("LAST USED"), .whole("ENDS"), .whole("FROM"),
            .whole("THIS ONE"),
        ]
    }

    public var quietValue: String { id }

    public func row(_ text: HumanText) -> [Cell] {
        [
            Cell(id), Cell(user), Cell(text.time(created)), Cell(text.time(lastUsed, missing: "never")), Cell(text.time(expires)),
            Cell(address), Cell(current ? "yes" : nil),
        ]
    }
}
