import ArgumentParser
import FoundationEssentials
import LivepatchAPI
import LivepatchConsole
import LivepatchKit

struct Status: AdminCommand {
    static let configuration = CommandConfiguration(
        "status", "Shows a server's release and the state of its services.",
        does: """
            Needs no login. The exit status is 69 if a service of the server is not well, so that it can be used as a check.
            """,
        examples: ["status", "status --url https://patches.example.com --format json"])
    static let needsLogin = false

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func run(_ context: AdminContext) async throws {
        let information = try await context.server.information()
        let services = try await context.server.status()
        let overview = ServerOverview(url: context.address, information: information, services: services)
        try output.show(overview, on: context.console)
        guard overview.isWell else { throw ExitStatus.unavailable.exit }
    }
}

/// What a server says about itself.
struct ServerOverview: Hashable, Sendable, Codable {
    let url: String
    let information: ServerInformationBody
    let services: ServerStatusBody

    var isWell: Bool { services.values.allSatisfy { $0.status == "OK" } }
}

extension ServerOverview: Detailed {
    var quietValue: String { information.deployment.description }

    func details(_ text: HumanText) -> [Detail] {
        [
            Detail("Server", Cell(url)),
            Detail("Version", Cell(information.version)),
            Detail("Deployment", Cell(information.deployment)),
            Detail("Started", Cell(text.time(information.started))),
        ]
            + services.sorted { $0.key < $1.key }.map {
                Detail("Service \($0.key)", Cell($0.value.status, $0.value.status == "OK" ? .good : .bad))
            }
    }
}
