import Synchronization
import TUF

/// A repository that an upstream shows, as the library fetches from it.
final class UpstreamRepository: RepositoryFetcher {
    private let upstream: any UpstreamServer
    private let repository: MetadataRepository
    private let meter: DocumentMeter
    /// Files that are at hand, and need not be asked for. They are verified like all others.
    private let known: [String: [UInt8]]
    private let received = Mutex<[String: [UInt8]]>([:])

    init(
        _ repository: MetadataRepository, of upstream: any UpstreamServer, meter: DocumentMeter, known: [String: [UInt8]] = [:]
    ) {
        self.repository = repository
        self.upstream = upstream
        self.meter = meter
        self.known = known
    }

    /// The files that were fetched, by name.
    var files: [String: [UInt8]] { received.withLock { $0 } }

    func fetch(_ file: RepositoryFile, into receiver: FileReceiver) async throws -> Bool {
        guard let bytes = try await bytes(file.path, limit: receiver.maximumLength) else { return false }
        try receiver.receive(bytes)
        return true
    }

    /// - Returns: `nil` if there is no such file; no more than one byte beyond the limit.
    func bytes(_ name: String, limit: Int) async throws -> [UInt8]? {
        if let bytes = known[name] { return bytes }
        guard let bytes = try await upstream.metadata(MetadataFile(name, of: repository), limit: Int64(limit)) else { return nil }
        await meter.count(Int64(bytes.count))
        received.withLock { $0[name] = bytes }
        return bytes
    }
}
