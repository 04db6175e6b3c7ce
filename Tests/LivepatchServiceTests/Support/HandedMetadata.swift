import LivepatchKit

/// A publisher whose signed metadata is what it was handed, file by file, for the tiers that may see it; documents are another's.
struct HandedMetadata: DocumentPublisher {
    var plain: any DocumentPublisher
    /// The head's; `nil` for a server that does not sign.
    var metadata: HeadMetadata?
    var files: [MetadataFile: (tiers: Set<TierName>, bytes: [UInt8])] = [:]

    func head(for tier: TierName) async throws -> PublishedDocument {
        let head = try DocumentCoding.decode(Head.self, from: try await plain.head(for: tier).bytes)
        return PublishedDocument(
            bytes: try DocumentCoding.encode(
                Head(
                    route: head.route, tier: head.tier, filters: head.filters, revocations: head.revocations, tiers: head.tiers,
                    metadata: metadata)))
    }

    func document(_ name: DocumentName, for tier: TierName) async throws -> PublishedDocument? {
        try await plain.document(name, for: tier)
    }

    func metadata(_ file: MetadataFile, for tier: TierName) async throws -> [UInt8]? {
        guard let held = files[file], held.tiers.contains(tier) else { return nil }
        return held.bytes
    }
}
