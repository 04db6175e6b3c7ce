public import FoundationEssentials

/// The roots whose keys are kept elsewhere: prepared from what is here, and published once they are signed.
public struct RootAdministration: Sendable {
    private let publisher: MetadataPublisher
    private let catalog: any Catalog
    private let now: @Sendable () -> Date

    /// - Parameter now: the current time.
    public init(publisher: MetadataPublisher, catalog: any Catalog, now: @escaping @Sendable () -> Date) {
        self.publisher = publisher
        self.catalog = catalog
        self.now = now
    }

    /// What the next root is made from.
    /// - Throws: ``LivepatchError`` with the code `not-found` if this server does not sign such a repository, `trust-unavailable` if
    ///   the present root cannot be read.
    public func basis(of kind: TrustedRoot.Kind) async throws -> RootBasis {
        do {
            try await publisher.publish()
        } catch let error as LivepatchError where error.code == .trustUnavailable {
            // A new root is what may help.
        }
        return try await publisher.rootBasis(of: kind)
    }

    /// Publishes a root that was signed elsewhere, and everything else under it.
    /// - Parameter actor: who asks, for the history.
    /// - Throws: ``LivepatchError`` with the codes `root-refused` and `not-found`, and what publishing throws; then it was not published.
    public func publish(_ document: [UInt8], of kind: TrustedRoot.Kind, by actor: String) async throws -> TrustedRoot {
        let root = try await publisher.adopt(RootAdoption(kind: kind, document: document))
        try await catalog.record(
            ChangeEntry(
                time: now(), actor: actor, action: "trust publish \(kind.rawValue) root \(root.version) \(root.fingerprint)"))
        return root
    }
}
