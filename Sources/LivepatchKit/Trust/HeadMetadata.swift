/// The signed repositories that stand behind a head: where to begin reading each of them.
///
/// The head itself is signed by nobody. It says which timestamps there are, so that its tag changes whenever one of them does;
/// whether they are any good, the metadata says.
public struct HeadMetadata: Hashable, Sendable, Codable {
    /// A repository's timestamp.
    public struct Origin: Hashable, Sendable, Codable {
        public let deployment: DeploymentID
        public let timestamp: DocumentReference

        public init(deployment: DeploymentID, timestamp: DocumentReference) {
            self.deployment = deployment
            self.timestamp = timestamp
        }
    }

    /// A view's timestamp.
    public struct View: Hashable, Sendable, Codable {
        public let tier: TierName
        public let timestamp: DocumentReference

        public init(tier: TierName, timestamp: DocumentReference) {
            self.tier = tier
            self.timestamp = timestamp
        }
    }

    /// Whose patches the view holds; one, but for servers that took in patches themselves before they were put below another.
    public let origins: [Origin]
    /// The server that owns and signs the tiers.
    public let tierOwner: DeploymentID
    /// The views that the token opens: of its tier and of each later one, in tier order.
    public let views: [View]

    public init(origins: [Origin], tierOwner: DeploymentID, views: [View]) {
        self.origins = origins
        self.tierOwner = tierOwner
        self.views = views
    }
}
