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
            guard !target.utf8.contains(where: Self.isSpecial) else { return nil }
            let parts = target.split(separator: "/", omittingEmptySubsequences: false)
            if let values = Self.tier.values(parts) {
                guard let tier = try? TierName(parsing: values[0]) else { return nil }
                (subject, template) = (.document(.tier(tier)), Paths.syncTierTemplate)
            } else if let values = Self.view.values(parts) {
                guard let tier = try? TierName(parsing: values[0]), let file = Self.file(values[1], of: .view(tier)) else {
                    return nil
                }
                (subject, template) = (.metadata(file), Paths.viewMetadataTemplate)
            } else if let values = Self.origin.values(parts) {
                guard let origin = try? DeploymentID(parsing: values[0]), let file = Self.file(values[1], of: .origin(origin))
                else {
                    return nil
                }
                (subject, template) = (.metadata(file), Paths.originMetadataTemplate)
            } else {
                return nil
            }
        }
    }

    private static let tier = RouteTemplate(Paths.syncTierTemplate)
    private static let view = RouteTemplate(Paths.viewMetadataTemplate)
    private static let origin = RouteTemplate(Paths.originMetadataTemplate)

    private static func file(_ name: String, of repository: MetadataRepository) -> MetadataFile? {
        MetadataFile(requested: name, of: repository).flatMap { $0.isOfPatchVersion ? nil : $0 }
    }

    private static func isSpecial(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "%") || byte == UInt8(ascii: "?") }
}

/// A route's template, to be held against the parts of a path between its slashes.
private struct RouteTemplate: Sendable {
    /// `nil` for a parameter.
    private let parts: [String?]

    init(_ template: String) {
        parts = template.split(separator: "/", omittingEmptySubsequences: false).map { $0.hasPrefix("{") ? nil : String($0) }
    }

    /// What stands in the places of the parameters, in their order; `nil` for another path.
    func values(_ path: [Substring]) -> [String]? {
        guard path.count == parts.count, zip(path, parts).allSatisfy({ part, wanted in wanted.map { $0 == part } ?? true }) else {
            return nil
        }
        return zip(path, parts).compactMap { $1 == nil ? String($0) : nil }
    }
}
