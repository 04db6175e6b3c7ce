import FoundationEssentials
@testable import LivepatchKit
import LivepatchTesting
import Synchronization
import TUF

/// A server below a ``SignedUpstream``: what it keeps from one sync to the next.
final class SignedReading: Sendable {
    let documents = InMemoryCatalog(InMemoryDatabase())
    let trust = InMemoryTrustStorage()
    private let state = Mutex(SyncState())
    private let time = Mutex(SignedUpstream.start)

    var last: SyncState { state.withLock { $0 } }

    func set(_ time: Date) { self.time.withLock { $0 = time } }

    func reader(
        _ upstream: any UpstreamServer, roots: Set<SHA256Digest> = [], relaying: SignedDocumentReader.Relaying = .originsAndViews
    ) -> SignedDocumentReader {
        SignedDocumentReader(
            upstream: upstream, documents: documents, trust: trust, trustedRoots: roots, relaying: relaying,
            lastSync: { self.last }, now: { self.time.withLock { $0 } })
    }

    /// What one sync reads.
    struct Outcome: Sendable {
        var head: HeadReading
        var blocks: [Block] = []
        var tiers: [TierName: [PatchVersion]] = [:]
        var documents: [PatchVersion: VersionDocument] = [:]
        var findings = ReadingFindings()
    }

    /// Reads everything, in the order of a sync, and remembers it as a sync does.
    func read(
        _ upstream: any UpstreamServer, roots: Set<SHA256Digest> = [], unless tag: String? = nil,
        relaying: SignedDocumentReader.Relaying = .originsAndViews
    ) async throws -> Outcome {
        let reader = reader(upstream, roots: roots, relaying: relaying)
        let answer = try await reader.head(unless: tag)
        var outcome = Outcome(head: answer)
        guard case .head(let head, _) = answer else { return outcome }
        outcome.blocks = try await reader.revocations(head.revocations).blocks
        for entry in try await reader.tiers(head.tiers).tiers {
            let tier = try await reader.tier(entry.name, entry.document)
            outcome.tiers[entry.name] = tier.versions.map(\.version)
            for line in tier.versions {
                outcome.documents[line.version] = try await reader.version(line.version, line.document)
            }
        }
        outcome.findings = await reader.findings()
        let findings = outcome.findings
        state.withLock { state in
            state.relayed = findings.relayed
            state.proof = findings.proof
        }
        return outcome
    }
}
