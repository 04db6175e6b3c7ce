import FoundationEssentials
import LivepatchKit
import Metrics

/// What a ``PatchCache`` holds. Looking has it let go of what was not asked for in time.
struct PatchCacheGauges: GaugeGroup {
    static let length = "livepatch_server_patch_cache_length"
    static let bytes = "livepatch_server_patch_cache_bytes"

    private let cache: PatchCache?
    private var panels: (length: Panel, bytes: Panel)

    init(_ cache: PatchCache?, _ factory: any MetricsFactory) {
        self.cache = cache
        panels = (Panel(Self.length, factory), Panel(Self.bytes, factory))
    }

    mutating func refresh(at time: Date) async throws {
        guard let (files, bytes) = cache?.sweep() else { return }
        panels.length.show(Double(files))
        panels.bytes.show(Double(bytes))
    }
}
