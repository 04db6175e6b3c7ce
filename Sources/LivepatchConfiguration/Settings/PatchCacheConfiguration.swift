/// The cache of patch files that are asked for again and again.
public struct PatchCacheConfiguration: Hashable, Sendable {
    public let isEnabled: Bool
    /// How long a file is kept that nobody asks for.
    public let time: Duration
    /// How many files are kept.
    public let files: Int
    /// How many bytes of them.
    public let bytes: Int64

    init(_ reading: inout ConfigurationReading) {
        isEnabled = reading.value(PatchCacheSettings.isEnabled)
        time = reading.value(PatchCacheSettings.time)
        files = reading.value(PatchCacheSettings.files)
        bytes = reading.value(PatchCacheSettings.bytes)
    }
}
