import FoundationEssentials
import LivepatchKit
import Metrics

/// What a server's catalogue holds.
struct CatalogueGauges: GaugeGroup {
    static let versions = "livepatch_server_patch_versions"
    static let blocked = "livepatch_server_blocked_patch_versions"
    static let files = "livepatch_server_patch_files"
    static let missing = "livepatch_server_patch_files_unavailable"
    static let awaited = "livepatch_server_patch_files_awaited"
    static let bytes = "livepatch_server_patch_bytes"

    private let catalog: any Catalog
    private let tiers: TierStateCache
    private var panels: (versions: Panel, blocked: Panel, files: Panel, missing: Panel, awaited: Panel, bytes: Panel)

    init(_ catalog: any Catalog, tiers: TierStateCache, _ factory: any MetricsFactory) {
        self.catalog = catalog
        self.tiers = tiers
        panels = (
            Panel(Self.versions, by: ["tier"], factory), Panel(Self.blocked, factory), Panel(Self.files, factory),
            Panel(Self.missing, factory), Panel(Self.awaited, factory), Panel(Self.bytes, factory)
        )
    }

    mutating func refresh(at time: Date) async throws {
        let state = try await tiers.current().state
        let records = try await catalog.versions()
        panels.versions.show(
            Dictionary(uniqueKeysWithValues: state.tiers.map { ([$0.description], Double(state.offered(in: $0).count)) }))
        panels.blocked.show(Double(state.blockedVersions.count))
        panels.files.show(Double(records.reduce(0) { $0 + $1.files }))
        panels.missing.show(Double(records.reduce(0) { $0 + $1.files - $1.available }))
        panels.awaited.show(Double(records.reduce(0) { $0 + ($1.awaited ?? 0) }))
        panels.bytes.show(Double(records.reduce(0) { $0 + $1.bytes }))
    }
}
