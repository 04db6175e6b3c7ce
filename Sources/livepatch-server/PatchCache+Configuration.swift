import LivepatchConfiguration
import LivepatchService

extension PatchCache {
    /// The cache that is configured; `nil` for none.
    static func configured(_ configured: PatchCacheConfiguration) -> PatchCache? {
        guard configured.isEnabled else { return nil }
        var limits = Limits()
        limits.files = configured.files
        limits.bytes = configured.bytes
        limits.time = configured.time
        return PatchCache(limits)
    }
}
