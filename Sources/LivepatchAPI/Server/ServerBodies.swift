public import FoundationEssentials
public import LivepatchKit

/// `GET /debug/info`
public struct ServerInformationBody: Hashable, Sendable, Codable {
    public let version: String
    public let deployment: DeploymentID
    public let started: Date

    public init(version: String, deployment: DeploymentID, started: Date) {
        self.version = version
        self.deployment = deployment
        self.started = started
    }
}

/// `GET /debug/status`: the state of each service by name. `OK`, or what is wrong.
public typealias ServerStatusBody = [String: ServiceStatusBody]

/// The state of one service.
public struct ServiceStatusBody: Hashable, Sendable, Codable {
    public let status: String

    public init(status: String) { self.status = status }
}
