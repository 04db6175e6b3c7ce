/// The deployments that a view has passed through, origin first, the one that publishes it last.
public struct Route: Hashable, Sendable {
    public let deployments: [DeploymentID]

    /// The longest chain that is followed.
    public static let maximumLength = 32

    /// The route of a view that begins at a deployment.
    public init(origin: DeploymentID) { deployments = [origin] }

    /// - Throws: ``LivepatchError`` with the code `malformed-value` for an empty route, one that is longer than
    ///   ``maximumLength``, or one that names a deployment twice.
    public init(_ deployments: [DeploymentID]) throws {
        guard (1...Self.maximumLength).contains(deployments.count), Set(deployments).count == deployments.count else {
            throw LivepatchError(
                .malformedValue,
                "'\(deployments.map(\.description).joined(separator: " → "))' is not a route: it names 1 to \(Self.maximumLength) different deployments."
            )
        }
        self.deployments = deployments
    }

    /// Where the patches enter the chain.
    public var origin: DeploymentID { deployments[0] }

    /// The route as a deployment that syncs along it publishes it.
    /// - Throws: ``LivepatchError`` with the code `upstream-loop` if the deployment is on it already, naming the loop.
    public func extended(by deployment: DeploymentID) throws -> Route {
        if let index = deployments.firstIndex(of: deployment) {
            let loop = (deployments[index...] + [deployment]).map(\.description).joined(separator: " → ")
            throw LivepatchError(
                .upstreamLoop,
                deployments.last == deployment
                    ? "The upstream is this server itself (\(deployment))."
                    : "The upstream gets its patches from this server: \(loop).",
                suggestion: "Set patch-sync.upstream-url to a server that is nearer to the origin.")
        }
        return try Route(deployments + [deployment])
    }
}

extension Route: CustomStringConvertible {
    public var description: String { deployments.map(\.description).joined(separator: " → ") }
}

extension Route: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let deployments = try container.decode([DeploymentID].self)
        do {
            try self.init(deployments)
        } catch {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(error)")
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(deployments)
    }
}
