public import FoundationEssentials
public import LivepatchConfiguration
public import LivepatchKit

extension ServerConfiguration {
    /// What publishes a server's signed metadata: the same in all programs that do, so that none undoes what another has published.
    /// - Parameters:
    ///   - lock: held while something is published.
    ///   - beginsAnew: whether the first publication signs everything anew, as that of a server does, which may come out of a backup.
    public func metadataPublisher(
        catalog: any Catalog, tiers: TierStateCache, storage: any TrustStorage, keys: any TrustKeyStore, lock: any StorageLock,
        beginsAnew: Bool, now: @escaping @Sendable () -> Date
    ) -> MetadataPublisher {
        MetadataPublisher(
            catalog: catalog, tiers: tiers, storage: storage, keys: keys,
            place: { [sync] in
                try await ChainPlace(isSyncing: sync.isEnabled, mirrorsTiers: sync.mirrorsTiers, lastSync: catalog.syncState())
            }, lifetimes: lifetimes, lock: lock, beginsAnew: beginsAnew, now: now)
    }

    private var lifetimes: MetadataLifetimes {
        var lifetimes = MetadataLifetimes()
        let seconds = metadataLifetime.components.seconds
        lifetimes.timestamp = MetadataLifetime(seconds: seconds, renewal: seconds / 2)
        return lifetimes
    }
}
