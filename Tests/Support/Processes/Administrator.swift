import Foundation

/// A person at a terminal who administers one server with `livepatch-admin`.
public struct Administrator: Sendable {
    public let surroundings: Surroundings
    public let url: String
    /// Variables that every command has.
    let environment: [String: String]

    init(surroundings: Surroundings, url: String, environment: [String: String]) {
        self.surroundings = surroundings
        self.url = url
        self.environment = environment
    }

    /// Runs a command, whatever becomes of it.
    public func run(
        _ arguments: [String], environment: [String: String] = [:], input: String = ""
    ) async throws -> FinishedCommand {
        try await surroundings.run(
            .admin, arguments, environment: self.environment.merging(environment) { $1 }, input: input)
    }

    /// Runs a command that has to succeed, written as it would be typed; arguments hold no spaces.
    /// - Returns: what it printed.
    @discardableResult public func callAsFunction(_ line: String, environment: [String: String] = [:]) async throws -> String {
        try await callAsFunction(line.split(separator: " ").map(String.init), environment: environment)
    }

    /// Runs a command that has to succeed.
    @discardableResult public func callAsFunction(
        _ arguments: [String], environment: [String: String] = [:]
    ) async throws -> String {
        let command = try await run(arguments, environment: environment)
        guard command.status == 0 else { throw CommandFailed(description: command.description) }
        return command.output
    }

    /// Runs a command that has to succeed, and reads what it prints as JSON.
    public func json(_ line: String) async throws -> Any {
        let output = try await callAsFunction("\(line) --format json")
        return try JSONSerialization.jsonObject(with: Data(output.utf8), options: .fragmentsAllowed)
    }

    /// Issues a sync token.
    /// - Returns: its secret.
    public func token(_ tier: String, _ name: String) async throws -> String {
        let output = try await callAsFunction("sync-tokens add \(tier) \(name)")
        guard let match = output.firstMatch(of: /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/) else {
            throw CommandFailed(description: "No token was printed:\n\(output)")
        }
        return String(match.0)
    }

    /// Makes synthetic patch files and imports them.
    /// - Parameter options: of `generate-patches`.
    public func importPatches(_ options: String) async throws {
        let folder = surroundings.path("generated-\(UUID().uuidString.prefix(8))")
        try await surroundings.succeed(.generator, [folder] + options.split(separator: " ").map(String.init))
        try await callAsFunction(["patch", "import", folder])
    }
}

extension RunningServer {
    /// Logs in as the server's administrator.
    /// - Parameter ca: the authority that issued the server's certificate, if it has one.
    public func administrator(ca: String? = nil) async throws -> Administrator {
        let administrator = Administrator(
            surroundings: surroundings, url: url,
            environment: ["LIVEPATCH_URL": url].merging(ca.map { ["LIVEPATCH_CA_CRT": $0] } ?? [:]) { $1 })
        let credentials = "\(Self.administrator.user):\(Self.administrator.password)"
        try await administrator(["login", "--auth", credentials])
        return administrator
    }
}
