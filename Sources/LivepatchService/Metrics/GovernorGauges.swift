import FoundationEssentials
import LivepatchKit
import Metrics

/// How many requests are served, wait for their turn, or wait for something to happen, by who asks.
struct GovernorGauges: GaugeGroup {
    static let requests = "livepatch_server_requests"

    private let governor: Governor
    private var panel: Panel

    init(_ governor: Governor, _ factory: any MetricsFactory) {
        self.governor = governor
        panel = Panel(Self.requests, by: ["caller", "state"], factory)
    }

    mutating func refresh(at time: Date) async throws {
        let occupancy = governor.occupancy
        var values: [[String]: Double] = [:]
        for (state, counts) in [("served", occupancy.served), ("queued", occupancy.waiting), ("aside", occupancy.aside)] {
            for (kind, count) in counts { values[["\(kind)", state]] = Double(count) }
        }
        panel.show(values)
    }
}
