/// What a server does when an upstream announces something new: it syncs at once; and if a sync is under way and what is new is a
/// block, that sync begins anew, since it applies blocks before it fetches anything else.
public struct AnnouncedSync: Sendable {
    /// The longest list of blocks that is looked at, in bytes; the sync itself reads it whole.
    private static let limit: Int64 = 1 << 20

    private let coordinator: SyncCoordinator
    private let catalog: any Catalog
    private let bell: Bell

    /// - Parameter bell: wakes whoever begins the syncs.
    public init(coordinator: SyncCoordinator, catalog: any Catalog, bell: Bell) {
        self.coordinator = coordinator
        self.catalog = catalog
        self.bell = bell
    }

    public func begin(announcedBy upstream: any UpstreamServer) async {
        if await coordinator.running != nil, await hasNewBlocks(upstream) {
            await coordinator.beginAnew("The upstream's blocks changed meanwhile, so the sync began anew.")
        }
        bell.ring()
    }

    /// Whether the upstream's blocks are others than those that are applied here. Nothing is believed of the answer: what is wrong
    /// with it, the sync finds out.
    private func hasNewBlocks(_ upstream: any UpstreamServer) async -> Bool {
        do {
            let own = try await catalog.deployment()
            guard let head = try await upstream.head(unless: nil) else { return false }
            let reference = try DocumentCoding.decode(Head.self, from: head.bytes).revocations
            guard try await catalog.syncState().revocations != reference.digest else { return false }
            let bytes = try await upstream.document(.revocations, limit: min(reference.length, Self.limit)).bytes
            let blocks = try DocumentCoding.decode(RevocationsDocument.self, from: bytes).blocks
            let known = try await catalog.tierState().state.blocks
            return Set(blocks.filter { $0.deployment != own }) != Set(known.filter { $0.deployment != own })
        } catch {
            return false
        }
    }
}
