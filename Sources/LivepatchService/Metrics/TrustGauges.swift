import FoundationEssentials
import LivepatchKit
import Metrics

/// When what is signed and trusted expires. An ``ExpiryService`` shows the same, once an hour, where nobody looks at the others.
struct TrustGauges: GaugeGroup {
    private let trust: TrustInspection
    private var gauges: ExpiryGauges

    init(_ trust: TrustInspection, _ factory: any MetricsFactory) {
        self.trust = trust
        gauges = ExpiryGauges(factory)
    }

    mutating func refresh(at time: Date) async throws { gauges.show(try await trust.status()) }
}
