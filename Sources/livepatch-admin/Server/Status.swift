import ArgumentParser
import FoundationEssentials
import LivepatchAPI
import LivepatchConsole
import LivepatchKit

struct Status: AdminCommand {
    static let configuration = CommandConfiguration(
        "status", "Shows a server's release, the state of its services, and who you are there.",
        does: """
            Needs no login; whoever is logged in is told as whom, and with which role. The exit status is 69 if a service of the server is not well, so that it can be used as a check.
            """,
        examples: ["status", "status --url https://patches.example.com --format json"])
    static let needsLogin = false

    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func run(_ context: AdminContext) async throws {
        let information = try await context.server.information()
        let services = try await context.server.status()
        let overview = ServerOverview(
            url: context.address, information: information, services: services, login: try await login(context))
        try output.show(overview, on: context.console)
        guard overview.isWell else { throw ExitStatus.unavailable.exit }
    }
}

extension Status {
    /// `nil` for whoever is not logged in, or no longer.
    private func login(_ context: AdminContext) async throws -> SessionBody? {
        guard context.hasCredentials else { return nil }
        do {
            return try await context.server.currentSession()
        } catch let error as LivepatchError where error.code == .loginRequired {
            return nil
        } catch {
            context.console.warn("Who you are there cannot be told: \(error)")
            return nil
        }
    }
}

/// What a server says about itself, and about who asks.
struct ServerOverview: Hashable, Sendable, Codable {
    let url: String
    let information: ServerInformationBody
    let services: ServerStatusBody
    /// `nil` for whoever is not logged in.
    let login: SessionBody?

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
            + (login.map {
                [Detail("Logged in", Cell("as \($0.user) (role \($0.role.rawValue)); ends \(text.time($0.expires))"))]
            } ?? [])
            + services.sorted { $0.key < $1.key }.map {
                Detail("Service \($0.key)", Cell($0.value.status, $0.value.status == "OK" ? .good : .bad))
            }
    }
}
