import ArgumentParser
public import LivepatchAPI
public import LivepatchConsole

struct AuthTokensList: AdminCommand {
    static let configuration = CommandConfiguration(
        "list", "Lists the auth tokens.",
        does:
            "Shows the tokens with their tiers, how many machines are attached with each, and when they expire. Secrets are not shown.",
        examples: ["auth-tokens list", "auth-tokens list --format json"])

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func run(_ context: AdminContext) async throws {
        let body = try await context.server.authTokens()
        try output.show(body.authTokens, document: body, empty: "There are no auth tokens.", on: context.console)
    }
}

extension AuthTokenBody: Listed {
    public static var columns: [Column] {
        [
            .text("ID"), .whole("TIER"), .whole("STATE"), .number("MACHINES"), .number("LIMIT"), .whole("CREATED"),
            .whole("EXPIRES"),
        ]
    }

    public var quietValue: String { id }

    public func row(_ text: HumanText) -> [Cell] {
        let style: Style =
            switch state {
            case .active: .good
            case .expired: .warning
            case .revoked: .faint
            }
        return [
            Cell(id), Cell(tier), Cell(state.rawValue, style), Cell(machines), Cell(machineLimit.map(String.init) ?? "none"),
            Cell(text.time(created)), Cell(text.time(validUntil, missing: "never")),
        ]
    }
}
