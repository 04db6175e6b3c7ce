import Foundation
import LivepatchKit
import LivepatchTesting
import MetricsTestKit
import Testing

@testable import LivepatchService

@Suite("Watching what expires")
struct ExpiryServiceTests {
    /// A pin that expires at some moment, as it looks at each of the times at which the service looks.
    @Test func `says once what comes nearer to its end, every time what has expired, and stops when told to`() async throws {
        let start = Date(timeIntervalSince1970: 1_750_000_000)
        let end = start + 40 * 86_400
        // Good, 30 days ahead twice, a week, a day twice, expired twice, renewed, expired again.
        let days: [Double] = [0, 12, 13, 34, 39.5, 39.6, 41, 42, 0, 43]
        let pauses = CountedPauses(days.count + 1)
        let log = CapturedLog()
        let catalog = InMemoryCatalog(InMemoryDatabase())
        let tiers = TierStateCache(catalog: catalog)
        let trust = TrustInspection(
            deployment: Shorthand.deployment, catalog: catalog, tiers: tiers,
            publisher: PlainDocumentPublisher(catalog: catalog, tiers: tiers),
            pins: { time in
                [
                    TrustStatus.Pin(
                        kind: .tiers, signer: Shorthand.deployment, view: Shorthand.edge, fingerprint: SHA256Digest(of: [1]),
                        isConfigured: false, rootVersion: 1, expires: end,
                        state: ExpiryState(of: "targets", expiring: end, at: time))
                ]
            },
            now: { start + days[pauses.taken.count - 1] * 86_400 })
        let service = ExpiryService(
            trust: trust, logger: log.logger(label: "trust"), interval: .seconds(1000),
            sleep: pauses.sleep, jitter: { 0.5 })
        try await pauses.run(service, log: log)
        let lines = log.lines.filter { $0.contains("What is trusted of the tier repository of origin-1 (view 'edge')") }
        let states = lines.compactMap { line in ExpiryState.allCases.first { line.contains("\"\($0.rawValue)\"") } }
        #expect(states == [.withinMonth, .withinWeek, .withinDay, .expired, .expired, .expired])
        #expect(lines.count == states.count)
        #expect(lines.filter { $0.contains("\"error\"") }.count == 3)
        #expect(pauses.taken.prefix(2) == [.seconds(60), .seconds(1000)])
    }

    @Test func `shows what expires as metrics, and what is gone no longer`() async throws {
        let end = Date(timeIntervalSince1970: 1_750_000_000)
        let pauses = CountedPauses(3)
        let log = CapturedLog()
        let metrics = TestMetrics()
        let catalog = InMemoryCatalog(InMemoryDatabase())
        let tiers = TierStateCache(catalog: catalog)
        @Sendable func pin(_ view: TierName?) -> TrustStatus.Pin {
            TrustStatus.Pin(
                kind: view == nil ? .origin : .tiers, signer: Shorthand.deployment, view: view,
                fingerprint: SHA256Digest(of: [1]), isConfigured: false, rootVersion: 1,
                expires: end + Double(pauses.taken.count), state: .good)
        }
        let trust = TrustInspection(
            deployment: Shorthand.deployment, catalog: catalog, tiers: tiers,
            publisher: PlainDocumentPublisher(catalog: catalog, tiers: tiers),
            pins: { _ in pauses.taken.count == 1 ? [pin(nil), pin(Shorthand.edge)] : [pin(nil)] }, now: { end })
        let service = ExpiryService(
            trust: trust, logger: log.logger(label: "trust"), metrics: metrics, sleep: pauses.sleep)
        try await pauses.run(service, log: log)
        let origin = try metrics.expectGauge(
            ExpiryGauges.trusted, [("repository", "origin"), ("signer", Shorthand.deployment.description), ("view", "")])
        #expect(origin.values == [end.timeIntervalSince1970 + 1, end.timeIntervalSince1970 + 2])
        #expect(metrics.recorders.count == 1, "the view that is not trusted any more is shown no longer")
    }

    @Test func `says that it cannot find out, and goes on`() async throws {
        let pauses = CountedPauses(3)
        let log = CapturedLog()
        let catalog = InMemoryCatalog(InMemoryDatabase())
        let trust = TrustInspection(
            deployment: Shorthand.deployment, catalog: catalog, tiers: TierStateCache(catalog: catalog),
            publisher: BrokenPublisher(), now: { Date() })
        let service = ExpiryService(trust: trust, logger: log.logger(label: "trust"), sleep: pauses.sleep)
        try await pauses.run(service, log: log)
        #expect(log.lines.filter { $0.contains("The key 'origin-online' is gone.") }.count == 2)
    }
}
