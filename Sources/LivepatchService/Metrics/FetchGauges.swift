import FoundationEssentials
import LivepatchKit
import Metrics

/// What a server fetches from its upstream because somebody asks for it.
struct FetchGauges: GaugeGroup {
    static let underWay = "livepatch_server_content_fetches_pending"
    static let fetches = "livepatch_server_content_fetches_total"
    static let bytes = "livepatch_server_content_fetched_bytes_total"
    static let requests = "livepatch_server_content_awaiting_requests_total"

    private let fetcher: ContentFetcher?
    private var panel: Panel
    private let counters: (fetched: Counter, failed: Counter, bytes: Counter, requests: Counter)
    private var last = ContentFetcher.Tally()

    init(_ fetcher: ContentFetcher?, _ factory: any MetricsFactory) {
        self.fetcher = fetcher
        panel = Panel(Self.underWay, by: ["state"], factory)
        counters = (
            Counter(label: Self.fetches, dimensions: [("result", "fetched")], factory: factory),
            Counter(label: Self.fetches, dimensions: [("result", "failed")], factory: factory),
            Counter(label: Self.bytes, factory: factory), Counter(label: Self.requests, factory: factory)
        )
    }

    mutating func refresh(at time: Date) async throws {
        let tally = await fetcher?.tally ?? ContentFetcher.Tally()
        panel.show([["active"]: Double(tally.active), ["queued"]: Double(tally.queued)])
        counters.fetched.increment(by: tally.fetched - last.fetched)
        counters.failed.increment(by: tally.failed - last.failed)
        counters.bytes.increment(by: tally.bytes - last.bytes)
        counters.requests.increment(by: tally.requests - last.requests)
        last = tally
    }
}
