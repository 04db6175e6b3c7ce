import Synchronization

/// Several upstreams of the same patches, tried in order.
///
/// The first that answers the question for the head serves that sync. If it cannot be had in mid-sync, documents and content may
/// come from another: both are checked against what the head announced, wherever they come from.
public final class FailoverUpstream: UpstreamServer {
    private let candidates: [any UpstreamServer]
    private let current = Mutex(0)

    /// - Parameter candidates: in the order in which they are tried.
    public init(_ candidates: [any UpstreamServer]) { self.candidates = candidates }

    public func address() async -> String {
        let index = first
        return candidates.indices.contains(index) ? await candidates[index].address() : "no upstream"
    }

    public func head(unless tag: String?) async throws -> UpstreamDocument? {
        try await attempt(startingAt: 0, isWorthAnother: { _ in true }) { try await $0.head(unless: tag) }
    }

    public func document(_ name: DocumentName, limit: Int64) async throws -> UpstreamDocument {
        try await attempt(startingAt: first, isWorthAnother: Self.isAbsence) { try await $0.document(name, limit: limit) }
    }

    public func metadata(_ file: MetadataFile, limit: Int64) async throws -> [UInt8]? {
        try await attempt(startingAt: first, isWorthAnother: Self.isAbsence) { try await $0.metadata(file, limit: limit) }
    }

    public func content(of file: PatchFile, from offset: Int64) async throws -> ContentStream {
        try await attempt(startingAt: first, isWorthAnother: Self.isAbsence) { try await $0.content(of: file, from: offset) }
    }

    private var first: Int { current.withLock { $0 } }

    /// The one that answered last, if it takes reports: what follows a sync goes to where that came from.
    private var receiver: (any FleetReportReceiver)? {
        let index = first
        return candidates.indices.contains(index) ? candidates[index] as? any FleetReportReceiver : nil
    }

    /// Asks one candidate after the other, each once, and remembers which one answered.
    private func attempt<Value: Sendable>(
        startingAt first: Int, isWorthAnother: (any Error) -> Bool, _ ask: (any UpstreamServer) async throws -> Value
    ) async throws -> Value {
        var failures: [(address: String, error: any Error)] = []
        for index in candidates.indices.map({ ($0 + first) % candidates.count }) {
            do {
                let value = try await ask(candidates[index])
                current.withLock { $0 = index }
                return value
            } catch {
                let code = Self.code(error)
                if Task.isCancelled || code == .cancelled { throw error }
                failures.append((await candidates[index].address(), error))
                if !isWorthAnother(error) { break }
            }
        }
        throw Self.summary(failures)
    }

    /// Whether the upstream as such cannot be had; what it refuses or lacks is its answer.
    private static func isAbsence(_ error: any Error) -> Bool {
        error is UpstreamBusy || [.upstreamUnreachable, .upstreamTimeout, .upstreamFailed].contains(code(error))
    }

    private static func code(_ error: any Error) -> LivepatchError.Code? {
        (error as? LivepatchError)?.code ?? (error as? UpstreamBusy)?.error.code
    }

    /// The error that tells the administrator most, with the others' words. If all are only busy, so is the list.
    private static func summary(_ failures: [(address: String, error: any Error)]) -> any Error {
        guard let first = failures.first else {
            return LivepatchError(
                .syncNotConfigured, "There is no upstream.", suggestion: "Set patch-sync.upstream-url.")
        }
        guard failures.count > 1 else { return first.error }
        let errors = failures.map { ($0.error as? UpstreamBusy)?.error ?? ($0.error as? LivepatchError) }
        let weight: [LivepatchError.Code] = [
            .upstreamRefusedToken, .upstreamMalformed, .upstreamLacks, .upstreamFailed, .upstreamTimeout, .upstreamUnreachable,
        ]
        func rank(_ error: LivepatchError) -> Int { weight.firstIndex(of: error.code) ?? 0 }
        let worst = errors.compactMap { $0 }.min { rank($0) < rank($1) }
        let error = LivepatchError(
            worst?.code ?? .upstreamFailed,
            "None of the \(failures.count) upstreams served: "
                + zip(failures, errors).map { "(\($0.address)) \($1?.message ?? "\($0.error)")" }.joined(separator: " "),
            suggestion: worst?.suggestion, cause: worst)
        let waits = failures.compactMap { ($0.error as? UpstreamBusy) }
        return waits.count == failures.count
            ? UpstreamBusy(retryAfter: waits.compactMap(\.retryAfter).min(), error: error) : error
    }
}

extension FailoverUpstream: TraceSource {
    public func trace(of version: PatchVersion, hops: Int) async throws -> VersionTrace {
        try await attempt(startingAt: first, isWorthAnother: Self.isAbsence) { upstream in
            guard let source = upstream as? any TraceSource else {
                throw LivepatchError(.upstreamLacks, "\(await upstream.address()) knows nothing of traces.")
            }
            return try await source.trace(of: version, hops: hops)
        }
    }
}

extension FailoverUpstream: FleetReportReceiver {
    public func receive(_ report: FleetReport) async throws -> FleetReceipt? { try await receiver?.receive(report) }

    public func receive(_ page: MachinePage) async throws -> FleetReceipt.Feed? { try await receiver?.receive(page) }
}
