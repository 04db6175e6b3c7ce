import LivepatchKit

/// The cache of patch files that are asked for again and again.
enum PatchCacheSettings {
    static let isEnabled = Setting<Bool>.boolean(
        "patch-cache.enabled", .storage, default: true,
        "Whether patch files that are asked for again and again are sent from memory, and by the shortest way. (Livepatch on-prem's default is false; here it takes no more memory than `patch-cache.cache-bytes`, and nothing else changes.)"
    )

    static let time = Setting<Duration>.duration(
        "patch-cache.cache-ttl", .storage, default: .seconds(600), in: .seconds(1) ... .seconds(7 * 86_400),
        "How long a file stays there that nobody asks for. A file is taken in when it is asked for a second time within this time."
    )

    static let files = Setting.integer(
        "patch-cache.cache-size", .storage, default: 128, in: 1...1_000_000,
        "How many files are there at most; the one that was asked for the longest ago makes room for the next.")

    static let bytes = Setting<Int64>.size(
        "patch-cache.cache-bytes", .storage, default: 64 << 20, in: 1 << 20...1 << 40,
        "How many bytes they take together at most. A file of more than a quarter of it is always read from the storage.")

    static let keys = [isEnabled.key, time.key, files.key, bytes.key]
}
