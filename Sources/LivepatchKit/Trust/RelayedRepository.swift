/// The files of an upstream's repository as the last sync verified them, for this server to relay byte for byte.
///
/// Their bytes are kept with ``DocumentCache/keepFetchedDocument(_:_:)``. The metadata of patch versions is not listed: it is what
/// ``Catalog/versionDocument(_:)`` has.
public struct RelayedRepository: Hashable, Sendable {
    public let repository: TrustedRepository
    /// By the names that clients ask for: `timestamp.json`, `7.snapshot.json`, every `N.root.json` from the first one on, …
    public let files: [String: DocumentReference]

    public init(_ repository: TrustedRepository, files: [String: DocumentReference]) {
        self.repository = repository
        self.files = files
    }

    /// The timestamp, without which there is nothing to relay.
    public var timestamp: DocumentReference? { files[MetadataFile.timestamp] }
}

extension RelayedRepository: Codable {
    private enum CodingKeys: CodingKey {
        case origin, view, owner, files
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let files = try container.decode([String: DocumentReference].self, forKey: .files)
        if let origin = try container.decodeIfPresent(DeploymentID.self, forKey: .origin) {
            self.init(.origin(origin), files: files)
        } else {
            let tier = try container.decode(TierName.self, forKey: .view)
            self.init(.view(tier, owner: try container.decode(DeploymentID.self, forKey: .owner)), files: files)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch repository {
        case .origin(let deployment): try container.encode(deployment, forKey: .origin)
        case .view(let tier, let owner):
            try container.encode(tier, forKey: .view)
            try container.encode(owner, forKey: .owner)
        }
        try container.encode(files, forKey: .files)
    }
}
