public import LivepatchKit
import Synchronization

/// An upstream with a probe before every call and every chunk, so that a test can fail, stall or falsify any one of them.
public struct ProbedUpstream: UpstreamServer {
    /// What is about to happen.
    public enum Step: Hashable, Sendable {
        case head
        case document(DocumentName)
        case metadata(MetadataFile)
        case content(PatchFileName, offset: Int64)
        /// A chunk of content, with the position of its first byte.
        case chunk(PatchFileName, offset: Int64)
        /// A report of machines in numbers.
        case fleetReport
        /// A page of machines' reports.
        case machineReports
    }

    /// What becomes of a chunk.
    public typealias Falsifier = @Sendable (PatchFileName, [UInt8]) -> [UInt8]

    private let upstream: any UpstreamServer
    private let probe: @Sendable (Step) async throws -> Void
    private let falsify: Falsifier?

    /// - Parameters:
    ///   - probe: asked before every step; what it throws is the step's failure.
    ///   - falsify: what a chunk becomes on its way.
    public init(
        _ upstream: any UpstreamServer, probe: @escaping @Sendable (Step) async throws -> Void, falsify: Falsifier? = nil
    ) {
        self.upstream = upstream
        self.falsify = falsify
        self.probe = probe
    }

    public func address() async -> String { await upstream.address() }

    public func head(unless tag: String?) async throws -> UpstreamDocument? {
        try await probe(.head)
        return try await upstream.head(unless: tag)
    }

    public func document(_ name: DocumentName, limit: Int64) async throws -> UpstreamDocument {
        try await probe(.document(name))
        return try await upstream.document(name, limit: limit)
    }

    public func metadata(_ file: MetadataFile, limit: Int64) async throws -> [UInt8]? {
        try await probe(.metadata(file))
        return try await upstream.metadata(file, limit: limit)
    }

    public func content(of file: PatchFile, from offset: Int64) async throws -> ContentStream {
        try await probe(.content(file.name, offset: offset))
        let stream = try await upstream.content(of: file, from: offset)
        let (probe, falsify) = (probe, falsify)
        let chunks = ChunkIterator(stream.chunks)
        let position = Mutex(stream.offset)
        return ContentStream(
            offset: stream.offset,
            chunks: AsyncThrowingStream {
                guard let chunk = try await chunks.next() else { return nil }
                try await probe(.chunk(file.name, offset: position.withLock { $0 }))
                position.withLock { $0 += Int64(chunk.count) }
                return falsify?(file.name, chunk) ?? chunk
            })
    }
}

extension ProbedUpstream: FleetReportReceiver {
    public func receive(_ report: FleetReport) async throws -> FleetReceipt? {
        try await probe(.fleetReport)
        return try await (upstream as? any FleetReportReceiver)?.receive(report)
    }

    public func receive(_ page: MachinePage) async throws -> FleetReceipt.Feed? {
        try await probe(.machineReports)
        return try await (upstream as? any FleetReportReceiver)?.receive(page)
    }
}

/// The iterator of a stream that one task reads, behind a reference.
private final class ChunkIterator: @unchecked Sendable {
    private var iterator: AsyncThrowingStream<[UInt8], any Error>.AsyncIterator

    init(_ chunks: AsyncThrowingStream<[UInt8], any Error>) { iterator = chunks.makeAsyncIterator() }

    func next() async throws -> [UInt8]? { try await iterator.next() }
}
