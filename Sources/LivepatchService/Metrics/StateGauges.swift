import FoundationEssentials
import LivepatchAPI
import LivepatchKit
import Metrics

/// What costs next to nothing to read.
struct StateGauges: GaugeGroup {
    private let catalog: any Catalog
    private let storage: any PatchStorage
    private let batcher: ReportBatcher
    private let watch: ViewWatch
    private var panels: (build: Panel, revision: Panel, free: Panel, reports: Panel, listeners: Panel)

    init(_ parts: ServerParts, _ factory: any MetricsFactory) {
        catalog = parts.catalog
        storage = parts.storage
        watch = parts.watch
        batcher = parts.machines.batcher
        panels = (
            Panel(ServerGauges.build, by: ["version"], factory), Panel(ServerGauges.revision, factory),
            Panel(ServerGauges.free, factory), Panel(ServerGauges.reportQueue, factory),
            Panel(ServerGauges.listeners, factory)
        )
    }

    mutating func refresh(at time: Date) async throws {
        panels.build.show([[Release.version]: 1])
        panels.reports.show(Double(batcher.count))
        panels.listeners.show(Double(await watch.listeners))
        panels.revision.show(Double(try await catalog.revision().rawValue))
        panels.free.show(try await storage.freeBytes().map(Double.init))
    }
}
