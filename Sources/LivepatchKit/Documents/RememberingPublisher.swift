import Caching
public import FoundationEssentials
import Synchronization

/// Shows what another publisher does, and remembers it until the catalogue's revision moves or something is signed anew, and for a second
/// at most: what a change makes many ask for at the same time is made once.
///
/// The second is for what nobody notices before somebody asks, such as metadata that is to be renewed. Documents of patch versions are
/// not remembered: there are many, and each server below asks for them once.
public final class RememberingPublisher: DocumentPublisher, PromptDocuments {
    private struct Key: Hashable, Sendable {
        let subject: PublishedSubject
        let tier: TierName
    }

    /// What stays as it is as long as this does.
    private struct Moment: Sendable {
        let revision: CatalogRevision
        let generation: Int
        let time: Date
    }

    private struct Known: Sendable {
        let document: PublishedDocument
        let moment: Moment
    }

    /// In seconds.
    private static let lifetime: TimeInterval = 1
    /// How many documents are remembered, and how long each may be, in bytes.
    private static let (capacity, longest) = (512, 64 << 10)
    /// Of how many tiers the documents are asked for ahead of time.
    private static let tiersAhead = 64

    private let publisher: any DocumentPublisher
    private let revisions: CoalescedRevision
    private let generation: @Sendable () -> Int
    private let known = Mutex(LeastRecentlyUsed<Key, Known>(capacity: capacity))
    private let now: @Sendable () -> Date

    /// - Parameters:
    ///   - revisions: tells as of which revision something is shown.
    ///   - generation: another number whenever something was signed: ``MetadataPublisher/publications``.
    ///   - now: the current time.
    public init(
        _ publisher: any DocumentPublisher, revisions: CoalescedRevision, generation: @escaping @Sendable () -> Int = { 0 },
        now: @escaping @Sendable () -> Date
    ) {
        self.publisher = publisher
        self.revisions = revisions
        self.generation = generation
        self.now = now
    }

    public func head(for tier: TierName) async throws -> PublishedDocument {
        let moment = try await moment()
        let head = try await publisher.head(for: tier)
        remember(head, Key(subject: .head, tier: tier), moment)
        return head
    }

    public func document(_ name: DocumentName, for tier: TierName) async throws -> PublishedDocument? {
        if case .version = name { return try await publisher.document(name, for: tier) }
        let moment = try await moment()
        let document = try await publisher.document(name, for: tier)
        if let document { remember(document, Key(subject: .document(name), tier: tier), moment) }
        return document
    }

    public func metadata(_ file: MetadataFile, for tier: TierName) async throws -> [UInt8]? {
        if file.isOfPatchVersion { return try await publisher.metadata(file, for: tier) }
        let moment = try await moment()
        let bytes = try await publisher.metadata(file, for: tier)
        if let bytes, bytes.count <= Self.longest {
            remember(PublishedDocument(bytes: bytes), Key(subject: .metadata(file), tier: tier), moment)
        }
        return bytes
    }

    /// Remembers what is asked for first by all who hear that a tier's view has changed.
    public func prepare(_ tier: TierName) async {
        // What cannot be had now is told to whoever asks for it.
        _ = try? await head(for: tier)
        _ = try? await document(.revocations, for: tier)
        guard let list = try? await document(.tiers, for: tier),
            let tiers = try? DocumentCoding.decode(TierListDocument.self, from: list.bytes).tiers
        else { return }
        for shown in tiers.prefix(Self.tiersAhead) { _ = try? await document(.tier(shown.name), for: tier) }
    }

    public func atOnce(_ subject: PublishedSubject, for tier: TierName, as revision: CatalogRevision) -> PublishedDocument? {
        let time = now()
        guard let known = known.withLock({ $0.value(for: Key(subject: subject, tier: tier)) }),
            known.moment.revision >= revision, known.moment.generation == generation(), time >= known.moment.time,
            time < known.moment.time.addingTimeInterval(Self.lifetime)
        else { return nil }
        return known.document
    }

    /// Of when something is that is shown afterwards, at the earliest.
    private func moment() async throws -> Moment {
        let time = now()
        let generation = generation()
        return Moment(revision: try await revisions.current(), generation: generation, time: time)
    }

    private func remember(_ document: PublishedDocument, _ key: Key, _ moment: Moment) {
        guard document.bytes.count <= Self.longest else { return }
        known.withLock { known in
            if let before = known.value(for: key)?.moment,
                (before.revision, before.generation) > (moment.revision, moment.generation)
            {
                return
            }
            known.insert(Known(document: document, moment: moment), for: key)
        }
    }
}
