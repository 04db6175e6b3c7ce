public import LivepatchKit

/// The answer to a registration: the only time that the machine token is told.
public struct RegistrationBody: Hashable, Sendable, Codable {
    public let machineToken: String
    public let tier: TierName
    /// The server that the machine is attached to.
    public let deployment: DeploymentID
    /// The roots that the machine should trust from now on; empty where nothing is signed.
    public let trustedRoots: [TrustedRoot]

    public init(machineToken: String, tier: TierName, deployment: DeploymentID, trustedRoots: [TrustedRoot]) {
        self.machineToken = machineToken
        self.tier = tier
        self.deployment = deployment
        self.trustedRoots = trustedRoots
    }
}

/// `GET /v1/client/{machine-id}/info`
public struct MachineInformationBody: Hashable, Sendable, Codable {
    public let machineId: MachineID
    public let machine: Machine
    public let deployment: DeploymentID
    public let serverVersion: String
    /// The usual time between two check-ins, in seconds.
    public let checkInIntervalSeconds: Int

    public init(
        machineId: MachineID, machine: Machine, deployment: DeploymentID, serverVersion: String, checkInIntervalSeconds: Int
    ) {
        self.machineId = machineId
        self.machine = machine
        self.deployment = deployment
        self.serverVersion = serverVersion
        self.checkInIntervalSeconds = checkInIntervalSeconds
    }
}
