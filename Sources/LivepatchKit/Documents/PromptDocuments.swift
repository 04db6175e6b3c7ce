/// Shows what a ``DocumentPublisher`` has shown lately to whoever cannot wait, such as a thread that all connections wait for.
public protocol PromptDocuments: Sendable {
    /// - Parameter revision: the catalogue's, read after somebody asked.
    /// - Returns: `nil` if the publisher has to be asked, whether or not there is such a thing.
    func atOnce(_ subject: PublishedSubject, for tier: TierName, as revision: CatalogRevision) -> PublishedDocument?
}

/// What is published for those who read a view.
public enum PublishedSubject: Hashable, Sendable {
    case head
    case document(DocumentName)
    case metadata(MetadataFile)
}
