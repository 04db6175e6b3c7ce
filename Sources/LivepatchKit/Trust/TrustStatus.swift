public import FoundationEssentials

/// The signed repositories that a server shows to those below it, how long they are good, and what it trusts itself.
public struct TrustStatus: Hashable, Sendable, Codable {
    public let deployment: DeploymentID
    /// When this was so.
    public let time: Date
    /// Origins first, then the tiers; none where nothing is signed.
    public let repositories: [Repository]
    /// What is trusted of the upstream's repositories.
    public let pins: [Pin]
    /// The roots that the configuration names (`patch-sync.trusted-roots`).
    public let trustedRoots: [SHA256Digest]

    public init(
        deployment: DeploymentID, time: Date, repositories: [Repository], pins: [Pin], trustedRoots: [SHA256Digest]
    ) {
        self.deployment = deployment
        self.time = time
        self.repositories = repositories
        self.pins = pins
        self.trustedRoots = trustedRoots
    }
}

extension TrustStatus {
    /// A repository, of which there may be several views.
    public struct Repository: Hashable, Sendable, Codable {
        public let kind: TrustedRoot.Kind
        /// The server that signs it.
        public let signer: DeploymentID
        /// The servers that it has come through, the signing one first and this one last.
        public let route: [DeploymentID]
        /// The present root.
        public let root: TrustedRoot
        /// The fingerprints of all roots, by which others may have begun to trust it, oldest first.
        public let fingerprints: [SHA256Digest]
        public let roles: [Role]

        public init(
            kind: TrustedRoot.Kind, signer: DeploymentID, route: [DeploymentID], root: TrustedRoot, fingerprints: [SHA256Digest],
            roles: [Role]
        ) {
            self.kind = kind
            self.signer = signer
            self.route = route
            self.root = root
            self.fingerprints = fingerprints
            self.roles = roles
        }

        /// Whether the server that tells this signs it itself.
        public var isSignedHere: Bool { route == [signer] }
    }

    /// A role, or all roles of patch versions together.
    public struct Role: Hashable, Sendable, Codable {
        /// `patch-*` for those of patch versions.
        public let name: String
        /// The view that the document belongs to; `nil` if there is one for all views.
        public let view: TierName?
        /// `nil` for several documents.
        public let version: Int?
        /// How many documents.
        public let documents: Int
        /// The ids of the keys that may sign, and how many of them have to.
        public let keys: [String]
        public let threshold: Int
        /// The earliest of several.
        public let expires: Date
        public let state: ExpiryState

        public init(
            name: String, view: TierName? = nil, version: Int?, documents: Int = 1, keys: [String], threshold: Int,
            expires: Date, state: ExpiryState
        ) {
            self.name = name
            self.view = view
            self.version = version
            self.documents = documents
            self.keys = keys
            self.threshold = threshold
            self.expires = expires
            self.state = state
        }
    }

    /// A root with which the trust in an upstream's repository began, and what has come of it.
    public struct Pin: Hashable, Sendable, Codable {
        public let kind: TrustedRoot.Kind
        public let signer: DeploymentID
        /// The view of a tier repository.
        public let view: TierName?
        /// The fingerprint of the root that trust began with.
        public let fingerprint: SHA256Digest
        /// Whether the configuration names that root; otherwise it was the first that was seen.
        public let isConfigured: Bool
        /// The version of the root that is trusted now.
        public let rootVersion: Int
        /// When the newest timestamp that was accepted expires; `nil` if there was none yet.
        public let expires: Date?
        /// `nil` if there is no timestamp.
        public let state: ExpiryState?

        public init(
            kind: TrustedRoot.Kind, signer: DeploymentID, view: TierName?, fingerprint: SHA256Digest, isConfigured: Bool,
            rootVersion: Int, expires: Date?, state: ExpiryState?
        ) {
            self.kind = kind
            self.signer = signer
            self.view = view
            self.fingerprint = fingerprint
            self.isConfigured = isConfigured
            self.rootVersion = rootVersion
            self.expires = expires
            self.state = state
        }
    }
}

/// A root that those below a server may be told to trust (`patch-sync.trusted-roots`).
public struct TrustedRoot: Hashable, Sendable, Codable {
    public enum Kind: String, Sendable, Codable, CaseIterable {
        /// Of the repository that says what patches are.
        case origin
        /// Of the repository that says who gets them.
        case tiers
    }

    public let kind: Kind
    public let signer: DeploymentID
    /// The root's version.
    public let version: Int
    /// The SHA-256 of its document.
    public let fingerprint: SHA256Digest

    public init(kind: Kind, signer: DeploymentID, version: Int, fingerprint: SHA256Digest) {
        self.kind = kind
        self.signer = signer
        self.version = version
        self.fingerprint = fingerprint
    }
}
