/// The catalogue's revision, read once for all who ask at about the same time.
///
/// Whoever asks gets what a read finds that *starts* after the question: a change that was acknowledged before is always seen,
/// whoever made it. While one read is under way, all new questions wait for the next one together, so that thousands of requests
/// cost the database a read at a time.
public actor CoalescedRevision {
    private let catalog: any Catalog
    private var running: Task<CatalogRevision, any Error>?
    /// A read that has not started, and so is good for everybody who asks now.
    private var next: Task<CatalogRevision, any Error>?

    /// How often it was asked.
    package private(set) var questions = 0

    public init(catalog: any Catalog) { self.catalog = catalog }

    /// - Throws: what the catalogue fails with, to all who waited for that read.
    public func current() async throws -> CatalogRevision { try await read().value }

    private func read() -> Task<CatalogRevision, any Error> {
        questions += 1
        if let next { return next }
        let before = running
        // Nobody's own task: that one caller goes away must not fail the others.
        let task = Task {
            _ = await before?.result
            running = next
            next = nil
            defer { running = nil }
            return try await catalog.revision()
        }
        next = task
        return task
    }
}
