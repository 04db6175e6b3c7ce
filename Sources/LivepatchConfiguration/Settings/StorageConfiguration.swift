/// What holds the patch files.
public struct StorageConfiguration: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// A directory.
        case filesystem
    }

    public let kind: Kind
    /// The directory for patch files where it is not the data directory.
    public let filesystemPath: String?

    init(_ reading: inout ConfigurationReading) {
        kind = reading.value(StorageSettings.type)
        filesystemPath = reading.value(StorageSettings.filesystemPath)
    }
}
