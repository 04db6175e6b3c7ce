import LivepatchKit
import LivepatchTesting
import TUF

/// A publisher of repositories that were made with the library for them, file by file.
struct RepositoryPublisher: DocumentPublisher {
    let plain: any DocumentPublisher
    let metadata: HeadMetadata?
    let repositories: [MetadataRepository: MemoryRepositoryStorage]

    func head(for tier: TierName) async throws -> PublishedDocument {
        let head = try DocumentCoding.decode(Head.self, from: try await plain.head(for: tier).bytes)
        let signed = Head(
            route: head.route, tier: tier, filters: head.filters, revocations: head.revocations, tiers: head.tiers,
            metadata: metadata)
        return PublishedDocument(bytes: try DocumentCoding.encode(signed))
    }

    func document(_ name: DocumentName, for tier: TierName) async throws -> PublishedDocument? { nil }

    func metadata(_ file: MetadataFile, for tier: TierName) async throws -> [UInt8]? {
        try await repositories[file.repository]?.read(RepositoryFile(.metadata, file.name))
    }
}
