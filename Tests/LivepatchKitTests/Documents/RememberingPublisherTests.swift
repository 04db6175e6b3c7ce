import FoundationEssentials
import LivepatchTesting
import Synchronization
import Testing

@testable import LivepatchKit

@Suite("Documents that are remembered") struct RememberingPublisherTests {
    private let server: InProcessServer
    private let clock = ManualClock()
    private let generation = Counter()
    private let publisher: RememberingPublisher

    private final class Counter: Sendable {
        let value = Atomic(0)
    }

    /// All tiers hold 9.1.
    init() async throws {
        server = try await InProcessServer(id: "origin")
        try await server.release("livepatch-5.15.0-107.117-generic-9.1-amd64.tar.bz2", Array("9.1".utf8))
        try await server.administer(.promote(version: "9.1", tier: "stable"))
        publisher = RememberingPublisher(
            server.publisher, revisions: CoalescedRevision(catalog: server.catalog),
            generation: { [generation] in generation.value.load(ordering: .relaxed) },
            now: { [clock] in clock.date })
    }

    private func atOnce(_ subject: PublishedSubject, _ tier: TierName = "edge") async throws -> PublishedDocument? {
        publisher.atOnce(subject, for: tier, as: try await server.catalog.revision())
    }

    @Test func `what was shown is known for a second, in its tier`() async throws {
        let timestamp = MetadataFile(MetadataFile.timestamp, of: .view("edge"))
        let subjects: [PublishedSubject] = [
            .head, .document(.revocations), .document(.tiers), .document(.tier("stable")), .metadata(timestamp),
        ]
        for subject in subjects { #expect(try await atOnce(subject) == nil) }
        // The first question may have something signed.
        _ = try await publisher.head(for: "edge")
        let head = try await publisher.head(for: "edge")
        let revocations = try await publisher.document(.revocations, for: "edge")
        let tiers = try await publisher.document(.tiers, for: "edge")
        let stable = try await publisher.document(.tier("stable"), for: "edge")
        let signed = try await publisher.metadata(timestamp, for: "edge")
        let shown = [head, revocations, tiers, stable, signed.map { PublishedDocument(bytes: $0) }]
        for (subject, document) in zip(subjects, shown) {
            #expect(document != nil, "\(subject)")
            #expect(try await atOnce(subject) == document)
            #expect(try await atOnce(subject, "stable") == nil, "\(subject)")
        }
        clock.advance(by: .milliseconds(999))
        for subject in subjects { #expect(try await atOnce(subject) != nil) }
        clock.advance(by: .milliseconds(1))
        for subject in subjects { #expect(try await atOnce(subject) == nil, "\(subject)") }
    }

    @Test func `a change, and something that was signed anew, make it unknown at once`() async throws {
        _ = try await publisher.head(for: "edge")
        #expect(try await atOnce(.head) != nil)
        try await server.administer(.block(version: "9.1", reason: "crashes"))
        #expect(try await atOnce(.head) == nil)
        _ = try await publisher.head(for: "edge")
        #expect(try await atOnce(.head) != nil)
        generation.value.add(1, ordering: .relaxed)
        #expect(try await atOnce(.head) == nil)
    }

    @Test func `what is not there, and what there are many of, is not remembered`() async throws {
        #expect(try await publisher.document(.tier("no-such-tier"), for: "edge") == nil)
        #expect(try await atOnce(.document(.tier("no-such-tier"))) == nil)
        #expect(try await publisher.document(.version("9.1"), for: "edge") != nil)
        #expect(try await atOnce(.document(.version("9.1"))) == nil)
    }

    @Test func `what all who hear of a change ask for is prepared`() async throws {
        await publisher.prepare("beta")
        for subject: PublishedSubject in [
            .head, .document(.revocations), .document(.tiers), .document(.tier("beta")), .document(.tier("stable")),
        ] { #expect(try await atOnce(subject, "beta") != nil, "\(subject)") }
        await publisher.prepare("no-such-tier")
        #expect(try await atOnce(.head, "no-such-tier") == nil)
    }
}
