/// What a server's next root is made from: its present root, and the keys that it signs everything else with.
public struct RootBasis: Hashable, Sendable, Codable {
    public let kind: TrustedRoot.Kind
    /// The server that signs the repository.
    public let signer: DeploymentID
    /// The present root's document.
    public let root: String
    /// The key of the targets role, and that of snapshot and timestamp.
    public let targets: TrustPublicKey
    public let online: TrustPublicKey

    public init(
        kind: TrustedRoot.Kind, signer: DeploymentID, root: String, targets: TrustPublicKey, online: TrustPublicKey
    ) {
        self.kind = kind
        self.signer = signer
        self.root = root
        self.targets = targets
        self.online = online
    }
}
