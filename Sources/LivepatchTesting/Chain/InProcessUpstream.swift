public import LivepatchKit
import Synchronization

/// An upstream in the same process: what HTTP would carry is handed over, and everything that guards it is in force.
public struct InProcessUpstream: UpstreamServer {
    /// The most bytes of one chunk.
    public static let chunkSize = 64 << 10

    private let name: String
    private let secret: String
    private let caller: DeploymentID?
    private let authority: TokenAuthority
    private let publisher: any DocumentPublisher
    private let delivery: PatchDelivery
    private let intake: FleetIntake?

    /// - Parameters:
    ///   - name: what reports call this server.
    ///   - secret: the sync token's secret.
    ///   - caller: the downstream.
    ///   - intake: takes the downstream's reports; `nil` for a server of a release that takes none.
    public init(
        name: String, secret: String, caller: DeploymentID?, authority: TokenAuthority, publisher: any DocumentPublisher,
        delivery: PatchDelivery, intake: FleetIntake? = nil
    ) {
        self.name = name
        self.secret = secret
        self.caller = caller
        self.authority = authority
        self.publisher = publisher
        self.delivery = delivery
        self.intake = intake
    }

    public func address() async -> String { name }

    public func head(unless tag: String?) async throws -> UpstreamDocument? {
        let head = try await publisher.head(for: try await tier())
        return head.tag == tag ? nil : UpstreamDocument(bytes: head.bytes, tag: head.tag)
    }

    public func document(_ name: DocumentName, limit: Int64) async throws -> UpstreamDocument {
        guard let document = try await publisher.document(name, for: try await tier()) else {
            throw LivepatchError(.upstreamLacks, "\(self.name) does not show the document '\(name)'.")
        }
        return UpstreamDocument(bytes: Array(document.bytes.prefix(Int(limit) + 1)), tag: document.tag)
    }

    public func metadata(_ file: MetadataFile, limit: Int64) async throws -> [UInt8]? {
        guard let bytes = try await publisher.metadata(file, for: try await tier()) else { return nil }
        return Array(bytes.prefix(Int(limit) + 1))
    }

    public func content(of file: PatchFile, from offset: Int64) async throws -> ContentStream {
        let reader: any StoredContentReader
        do {
            let shown = try await delivery.file(file.name, for: .tier(try await tier()))
            guard let held = try await delivery.held(shown) else { return try await awaited(shown, from: offset) }
            reader = held
        } catch let error as LivepatchError where error.code == .notFound {
            throw LivepatchError(.upstreamLacks, "\(name) does not have \(file.name).", cause: error)
        } catch let error as LivepatchError where error.code == .contentNotFetched {
            throw UpstreamBusy(
                retryAfter: error.retryAfter, error: LivepatchError(.upstreamFailed, "\(name) is busy.", cause: error))
        }
        let position = Mutex(offset)
        return ContentStream(
            offset: offset,
            chunks: AsyncThrowingStream {
                let chunk = try reader.read(at: position.withLock { $0 }, count: Self.chunkSize)
                position.withLock { $0 += Int64(chunk.count) }
                if chunk.isEmpty { reader.close() }
                return chunk.isEmpty ? nil : chunk
            })
    }

    /// Content that this server fetches from its own upstream first.
    private func awaited(_ file: PatchFile, from offset: Int64) async throws -> ContentStream {
        let arrival = try await delivery.arrival(of: file)
        try await arrival.begin()
        let (chunks, continuation) = AsyncThrowingStream<[UInt8], any Error>.makeStream()
        let task = Task {
            do {
                var pieces = arrival.pieces()
                while let piece = try await pieces.next() { continuation.yield(piece) }
                continuation.finish()
            } catch {
                continuation.finish(throwing: LivepatchError(.upstreamUnreachable, "\(name) broke off.", cause: error))
            }
        }
        continuation.onTermination = { _ in task.cancel() }
        return ContentStream(offset: 0, chunks: chunks)
    }

    private func tier() async throws -> TierName { try await token().tier }

    private func token() async throws -> SyncToken {
        switch try await authority.decide(secret, from: caller) {
        case .accepted(let token): return token
        case .refused:
            throw LivepatchError(
                .upstreamRefusedToken, "\(name) refused the sync token.", suggestion: TokenAuthority.refusal.suggestion)
        }
    }
}

extension InProcessUpstream: FleetReportReceiver {
    public func receive(_ report: FleetReport) async throws -> FleetReceipt? {
        // As it would arrive.
        let arrived = try DocumentCoding.decode(FleetReport.self, from: DocumentCoding.encode(report))
        return try await intake?.receive(arrived, with: try await token())
    }

    public func receive(_ page: MachinePage) async throws -> FleetReceipt.Feed? {
        guard let intake, let caller else { return nil }
        return try await intake.receive(MachinePage(decoding: page.encoded()), from: caller, with: try await token())
    }
}
