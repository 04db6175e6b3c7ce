public import FoundationEssentials

/// A decision that a patch version must not be delivered. It wins over every tier, and travels down the chain.
public struct Block: Hashable, Sendable, Codable {
    public let version: PatchVersion
    /// Why, in the words of whoever decided it.
    public let reason: String
    /// When it was decided, to the second.
    public let blocked: Date
    /// The deployment whose administrator decided it.
    public let deployment: DeploymentID

    public init(version: PatchVersion, reason: String, blocked: Date, deployment: DeploymentID) {
        self.version = version
        self.reason = reason
        self.blocked = blocked
        self.deployment = deployment
    }
}

/// By version, then by deployment.
extension Block: Comparable {
    public static func < (left: Self, right: Self) -> Bool {
        (left.version, left.deployment) < (right.version, right.deployment)
    }
}
