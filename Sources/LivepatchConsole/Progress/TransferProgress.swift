public import LivepatchKit

/// How far some work on files is, in the same words for syncs, uploads and verifications.
public struct TransferProgress: Hashable, Sendable {
    /// Files to work on, and how many of them are done or were given up. Files that needed nothing are in none of these.
    public var files: Int
    public var filesDone: Int
    public var filesFailed: Int
    /// Files that needed nothing.
    public var filesSkipped: Int
    /// Bytes to move, and how many have been.
    public var bytes: Int64
    public var bytesDone: Int64

    public init(
        files: Int = 0, filesDone: Int = 0, filesFailed: Int = 0, filesSkipped: Int = 0, bytes: Int64 = 0, bytesDone: Int64 = 0
    ) {
        self.files = files
        self.filesDone = filesDone
        self.filesFailed = filesFailed
        self.filesSkipped = filesSkipped
        self.bytes = bytes
        self.bytesDone = bytesDone
    }

    public init(_ progress: SyncProgress) {
        self.init(
            files: progress.filesToFetch, filesDone: progress.filesDone, filesFailed: progress.filesFailed,
            filesSkipped: progress.filesSkipped, bytes: progress.bytesToFetch, bytesDone: progress.bytesDone)
    }

    public init(_ progress: StorageProgress) {
        self.init(
            files: progress.total, filesDone: progress.done, bytes: progress.bytesTotal, bytesDone: progress.bytesDone)
    }

    /// Between 0 and 1, and 1 only when nothing is left to do; `nil` as long as nobody knows how much there is.
    public var fraction: Double? {
        guard bytes > 0 || files > 0 else { return nil }
        if filesDone + filesFailed >= files, bytesDone >= bytes || filesFailed > 0 { return 1 }
        let part = bytes > 0 ? Double(bytesDone) / Double(bytes) : Double(filesDone + filesFailed) / Double(files)
        return min(max(0, part), 0.999)
    }
}
