import ArgumentParser
public import LivepatchAPI
public import LivepatchConsole

struct SyncTokensList: AdminCommand {
    static let configuration = CommandConfiguration(
        "list", "Lists the sync tokens.",
        does:
            "Shows the tokens with their tiers, when they expire, and when and by which deployment they were used last. Secrets are not shown.",
        examples: ["sync-tokens list", "sync-tokens list --format json"])

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func run(_ context: AdminContext) async throws {
        let body = try await context.server.syncTokens()
        try output.show(body.syncTokens, document: body, empty: "There are no sync tokens.", on: context.console)
    }
}

extension SyncTokenBody: Listed {
    public static var columns: [Column] {
        [
            .whole("NAME"), .whole("TIER"), .whole("STATE"), .whole("CREATED"), .whole("EXPIRES"), .whole("LAST USED"),
            .text("BY DEPLOYMENT"), .whole("OLD SECRET UNTIL"),
        ]
    }

    public var quietValue: String { name }

    public func row(_ text: HumanText) -> [Cell] {
        let style: Style =
            switch state {
            case .active: .good
            case .expired: .warning
            case .revoked: .faint
            }
        return [
            Cell(name), Cell(tier), Cell(state.rawValue, style), Cell(text.time(created)),
            Cell(text.time(validUntil, missing: "never")), Cell(text.time(lastUsed, missing: "never")), Cell(lastDeployment),
            Cell(oldSecretValidUntil.map(text.time)),
        ]
    }
}
