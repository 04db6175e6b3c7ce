// The documents that a downstream reads, from the small one that always changes to the large ones that hardly ever do:
// head → tiers → a tier's versions → a version's files; and beside them the revocations.

/// What one downstream sees, in one small document: if it has not changed, nothing has.
public struct Head: Hashable, Sendable, Codable {
    /// The version of this format: 1.
    public let format: Int
    /// The deployments that the view has passed through, the publishing one last.
    public let route: Route
    /// The tier of the token that the view is published for.
    public let tier: TierName
    /// What the servers of the route let through; files that it does not admit are listed in documents, but not held.
    public let filters: FilterChain
    public let revocations: DocumentReference
    public let tiers: DocumentReference
    /// The signed repositories that prove what the documents say; `nil` where the upstream does not sign.
    public let metadata: HeadMetadata?
    /// How long which kernels get patches; `nil` where nobody said so, and of a server before there was that.
    public let coverage: DocumentReference?

    public init(
        route: Route, tier: TierName, filters: FilterChain, revocations: DocumentReference, tiers: DocumentReference,
        metadata: HeadMetadata? = nil, coverage: DocumentReference? = nil
    ) {
        format = 1
        self.route = route
        self.tier = tier
        self.filters = filters
        self.revocations = revocations
        self.tiers = tiers
        self.metadata = metadata
        self.coverage = coverage
    }
}

/// The name of a document within a view.
public enum DocumentName: Hashable, Sendable {
    case revocations
    case tiers
    case tier(TierName)
    case version(PatchVersion)
    case coverage
}

extension DocumentName: CustomStringConvertible {
    public var description: String {
        switch self {
        case .revocations: "revocations"
        case .tiers: "tiers"
        case .tier(let name): "tier \(name)"
        case .version(let version): "patch \(version)"
        case .coverage: "coverage"
        }
    }
}

/// Exactly which document is meant: wherever the bytes come from, they must be these.
public struct DocumentReference: Hashable, Sendable, Codable {
    /// In bytes.
    public let length: Int64
    public let digest: SHA256Digest

    public init(length: Int64, digest: SHA256Digest) {
        self.length = length
        self.digest = digest
    }

    public init(of bytes: [UInt8]) { self.init(length: Int64(bytes.count), digest: SHA256Digest(of: bytes)) }
}

/// The tiers that a token may see, in tier order: its own and every later one.
public struct TierListDocument: Hashable, Sendable, Codable {
    public struct Entry: Hashable, Sendable, Codable {
        public let name: TierName
        public let document: DocumentReference

        public init(name: TierName, document: DocumentReference) {
            self.name = name
            self.document = document
        }
    }

    public let tiers: [Entry]

    public init(tiers: [Entry]) { self.tiers = tiers }
}

/// The patch versions that one tier offers, in order.
public struct TierDocument: Hashable, Sendable, Codable {
    public struct Entry: Hashable, Sendable, Codable {
        public let version: PatchVersion
        public let document: DocumentReference

        public init(version: PatchVersion, document: DocumentReference) {
            self.version = version
            self.document = document
        }
    }

    public let tier: TierName
    public let versions: [Entry]
    /// The patch versions that the tier holds and does not offer, because they are blocked, in order; `nil` if there are none. So a
    /// tier that is empty is told from one whose versions are all blocked.
    public let blocked: [PatchVersion]?

    public init(tier: TierName, versions: [Entry], blocked: [PatchVersion] = []) {
        self.tier = tier
        self.versions = versions
        self.blocked = blocked.isEmpty ? nil : blocked
    }
}

/// The files of one patch version, in order of name: written once by the origin and relayed byte for byte.
public struct VersionDocument: Hashable, Sendable, Codable {
    public let version: PatchVersion
    public let files: [PatchFile]

    public init(version: PatchVersion, files: [PatchFile]) {
        self.version = version
        self.files = files.sorted { $0.name < $1.name }
    }
}

/// What is blocked, here and on every server above.
public struct RevocationsDocument: Hashable, Sendable, Codable {
    public let blocks: [Block]

    public init(blocks: [Block]) { self.blocks = blocks.sorted() }
}
