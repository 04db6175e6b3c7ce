import FoundationEssentials
import LivepatchKit
import Metrics

/// How a server's machines do.
struct FleetGauges: GaugeGroup {
    static let machines = "livepatch_server_machines"
    static let current = "livepatch_server_machines_current"
    static let silent = "livepatch_server_machines_silent"
    static let lastHour = "livepatch_server_machines_last_hour"

    private let census: FleetCensus
    private var panels: (machines: Panel, current: Panel, silent: Panel, lastHour: Panel)

    init(_ census: FleetCensus, _ factory: any MetricsFactory) {
        self.census = census
        panels = (
            Panel(Self.machines, by: ["tier", "state", "kernel_series"], factory), Panel(Self.current, by: ["tier"], factory),
            Panel(Self.silent, factory), Panel(Self.lastHour, factory)
        )
    }

    mutating func refresh(at time: Date) async throws {
        let tally = try await census.tally()
        var machines: [[String]: Double] = [:]
        var current: [[String]: Double] = [:]
        for line in tally.lines {
            let series = line.kernel.map { KernelSeries(of: $0.version).description } ?? "unknown"
            machines[[line.tier.description, line.state.rawValue, series], default: 0] += Double(line.machines)
            current[[line.tier.description], default: 0] += line.isCurrent ? Double(line.machines) : 0
        }
        panels.machines.show(machines)
        panels.current.show(current)
        panels.silent.show(Double(tally.presence.silent))
        panels.lastHour.show(Double(tally.presence.hour))
    }
}
