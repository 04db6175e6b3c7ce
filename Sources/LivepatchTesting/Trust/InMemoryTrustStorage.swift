public import LivepatchKit
import Synchronization
public import TUF

/// Trust in memory: it lasts as long as the process.
public final class InMemoryTrustStorage: TrustStorage {
    private struct Contents {
        var published: [MetadataRepository: InMemoryPublishedMetadata] = [:]
        var trusted: [TrustedRepository: MemoryMetadataCache] = [:]
    }

    private let contents = Mutex(Contents())

    public init() {}

    public func published(_ repository: MetadataRepository) async throws -> any PublishedMetadata { files(of: repository) }

    /// The files of a repository that were published here.
    public func files(of repository: MetadataRepository) -> InMemoryPublishedMetadata {
        contents.withLock { contents in
            if let known = contents.published[repository] { return known }
            let new = InMemoryPublishedMetadata()
            contents.published[repository] = new
            return new
        }
    }

    public func publishedViews() async throws -> [TierName] {
        contents.withLock { contents in
            contents.published.compactMap { repository, files in
                guard case .view(let tier) = repository, !files.isEmpty else { return nil }
                return tier
            }
        }.sorted { $0.rawValue < $1.rawValue }
    }

    public func trusted(_ repository: TrustedRepository) async throws -> any MetadataCache {
        contents.withLock { contents in
            if let known = contents.trusted[repository] { return known }
            let new = MemoryMetadataCache()
            contents.trusted[repository] = new
            return new
        }
    }

    public func trustedRepositories() async throws -> [TrustedRepository] {
        contents.withLock { $0.trusted.filter { $0.value.contents[RoleName.root] != nil }.map(\.key) }
    }

    public func forget(_ repository: TrustedRepository) async throws {
        contents.withLock { $0.trusted[repository] = nil }
    }
}

/// A repository's published files in memory.
public final class InMemoryPublishedMetadata: PublishedMetadata {
    /// What is about to be done to a file; a test may throw, as a crash would end it.
    public enum Step: Hashable, Sendable {
        case write(String)
        case remove([String])
    }

    private struct State {
        var files: [String: [UInt8]] = [:]
        var probe: @Sendable (Step) throws -> Void = { _ in }
    }

    private let state = Mutex(State())

    public init() {}

    /// All files.
    public var files: [String: [UInt8]] {
        get { state.withLock { $0.files } }
        set { state.withLock { $0.files = newValue } }
    }

    public var isEmpty: Bool { state.withLock { $0.files.isEmpty } }

    /// Has every change asked first.
    public func probe(_ probe: @escaping @Sendable (Step) throws -> Void) { state.withLock { $0.probe = probe } }

    public func read(_ name: String) async throws -> [UInt8]? { state.withLock { $0.files[name] } }

    public func write(_ bytes: [UInt8], as name: String) async throws {
        try state.withLock { $0.probe }(.write(name))
        state.withLock { $0.files[name] = bytes }
    }

    public func remove(_ names: [String]) async throws {
        try state.withLock { $0.probe }(.remove(names))
        state.withLock { state in
            for name in names { state.files[name] = nil }
        }
    }

    public func names() async throws -> [String] { state.withLock { $0.files.keys.sorted() } }
}
