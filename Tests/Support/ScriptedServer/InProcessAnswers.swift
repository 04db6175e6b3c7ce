import LivepatchAPI
public import LivepatchKit
public import LivepatchTesting

extension InProcessServer {
    /// What a server answers whom it knows by a token of that tier: the head, metadata, documents and files.
    public func answer(_ request: ScriptedRequest, for tier: TierName) async throws -> ScriptedAnswer {
        let parts = request.path.split(separator: "/").map(String.init)
        if request.path == Paths.syncHead { return .content(try await publisher.head(for: tier).bytes, for: request) }
        if parts.starts(with: ["v1", "sync", "metadata"]) {
            let repository: MetadataRepository =
                parts[3] == "origins" ? .origin(try DeploymentID(parsing: parts[4])) : .view(try TierName(parsing: parts[4]))
            let bytes = try await publisher.metadata(MetadataFile(parts[5], of: repository), for: tier)
            return bytes.map { .content($0, for: request) } ?? .status(404)
        }
        if parts.starts(with: ["v1", "patches"]), let text = parts.last {
            let file = try await delivery.file(PatchFileName(parsing: text), for: .tier(tier))
            let reader = try await delivery.open(file)
            return .content(try reader.read(at: 0, count: Int(reader.length)), for: request)
        }
        let name: DocumentName
        switch parts.dropFirst(2) {
        case ["revocations"]: name = .revocations
        case ["tiers"]: name = .tiers
        case let rest where rest.first == "tiers": name = .tier(try TierName(parsing: parts[3]))
        default: name = .version(try PatchVersion(parsing: parts[3]))
        }
        guard let document = try await publisher.document(name, for: tier) else { return .status(404) }
        return .content(document.bytes, for: request)
    }
}
