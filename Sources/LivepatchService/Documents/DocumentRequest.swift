import LivepatchAPI
import LivepatchKit

/// What ``DocumentRoutes`` or ``MetadataRoutes`` are asked for.
struct DocumentRequest: Hashable, Sendable {
    let subject: PublishedSubject
    /// The route's.
    let template: String

    /// - Parameter target: as it was sent.
    /// - Returns: `nil` for everything else, for documents of patch versions, and for what is encoded in any way.
    init?(target: String) {
        switch target {
        case Paths.syncHead: (subject, template) = (.head, target)
        case Paths.syncRevocations: (subject, template) = (.document(.revocations), target)
        case Paths.syncTiers: (subject, template) = (.document(.tiers), target)
        case Paths.syncCoverage: (subject, template) = (.document(.coverage), target)
        default:
            guard target.hasPrefix(Self.prefix), !target.utf8.contains(where: Self.isSpecial) else { return nil }
            let parts = target.dropFirst(Self.prefix.count).split(separator: "/", omittingEmptySubsequences: false)
            switch (parts.count, parts[0]) {
            case (2, "tiers"):
                guard let tier = try? TierName(parsing: String(parts[1])) else { return nil }
                (subject, template) = (.document(.tier(tier)), Paths.syncTierTemplate)
            case (4, "metadata"):
                let (of, name) = (String(parts[2]), String(parts[3]))
                let repository: MetadataRepository
                switch parts[1] {
                case "origins":
                    guard let deployment = try? DeploymentID(parsing: of) else { return nil }
                    (repository, template) = (.origin(deployment), Paths.originMetadataTemplate)
                case "tiers":
                    guard let tier = try? TierName(parsing: of) else { return nil }
                    (repository, template) = (.view(tier), Paths.viewMetadataTemplate)
                default: return nil
                }
                guard let file = MetadataFile(requested: name, of: repository), !file.isOfPatchVersion else { return nil }
                subject = .metadata(file)
            default: return nil
            }
        }
    }

    private static let prefix = "/v1/sync/"

    private static func isSpecial(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "%") || byte == UInt8(ascii: "?") }
}
