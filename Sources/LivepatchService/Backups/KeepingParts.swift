public import LivepatchKit

/// The use cases that keep a server: backups of it, and looks at it.
public struct KeepingParts: Sendable {
    /// Makes the archive of a backup, whose bytes the function takes.
    public typealias Archive = @Sendable (@escaping @Sendable ([UInt8]) async throws -> Void) -> any BundleSink

    public var backups: BackupTaking
    public var archive: Archive
    public var examination: ServerExamination

    public init(backups: BackupTaking, archive: @escaping Archive, examination: ServerExamination) {
        self.backups = backups
        self.archive = archive
        self.examination = examination
    }
}
