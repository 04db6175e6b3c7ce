import LivepatchKit

/// A file in the staging directory with the hash of what is in it. Used by one task at a time, on one lane.
struct ArrivingFile {
    let file: OpenFile
    private let name: String
    private let layout: StorageLayout
    private let calls: FileCalls
    private(set) var hasher = ContentHasher()

    var length: Int64 { hasher.length }

    /// Opens the staged file of a digest, or makes it, and reads what is in it once.
    init(resuming digest: SHA256Digest, length: Int64, layout: StorageLayout, calls: FileCalls) throws {
        name = layout.staged(digest)
        self.layout = layout
        self.calls = calls
        file = try Self.open(name, in: layout.staging, for: .writing)
        if try file.status().length > length {
            try file.truncate()
        } else {
            var chunk = try file.read(at: 0, count: Self.chunk)
            while !chunk.isEmpty {
                hasher.update(chunk)
                chunk = try file.read(at: hasher.length, count: Self.chunk)
            }
        }
    }

    /// Makes a new file.
    init(uploadIn layout: StorageLayout, calls: FileCalls) throws {
        name = layout.upload()
        self.layout = layout
        self.calls = calls
        file = try Self.open(name, in: layout.staging, for: .creating)
    }

    private static let chunk = 1 << 20

    /// Opens a file and locks it, so that no other arrival writes to it and no cleaning takes it away.
    private static func open(_ name: String, in staging: Folder, for purpose: OpenFile.Purpose) throws -> OpenFile {
        let path = staging.file(name)
        // A file that was moved to its place, or deleted, between opening and locking is not the staged file any more.
        for _ in 0..<16 {
            // Somebody may have deleted the directory; the one above it is not made (see ``place(as:)``).
            if try !staging.exists() { try staging.make() }
            let file = try OpenFile(path, for: purpose)
            guard try file.tryLock(exclusively: true) else { break }
            if let now = try FileStatus.of(path), now.isSameFile(as: try file.status()) { return file }
        }
        throw LivepatchError(
            .storageBusy, "'\(path)' is arriving already, in another task or process.",
            suggestion: "Wait for that sync or import to end.")
    }

    /// What could be written before a fault counts as arrived.
    mutating func append(_ bytes: [UInt8]) throws {
        let (written, fault) = file.write(bytes, at: length, calls: calls)
        hasher.update(written == bytes.count ? bytes : Array(bytes[..<written]))
        if let fault { throw fault }
    }

    mutating func restart() throws {
        try file.truncate()
        hasher = ContentHasher()
    }

    /// Reads what has arrived, through an opening of its own.
    func open() throws -> OpenContent {
        try OpenContent(OpenFile(layout.staging.file(name), for: .reading))
    }

    /// Reads what has arrived and will arrive, through an opening of its own.
    /// - Parameter length: how long it will be.
    func openArriving(length: Int64) throws -> ArrivingContent {
        ArrivingContent(try OpenFile(layout.staging.file(name), for: .reading), length: length)
    }

    /// Moves the file, whose bytes are on the medium, to the place of its digest.
    /// - Returns: the directories that have changed.
    func place(as digest: SHA256Digest) throws -> [Folder] {
        let way = layout.way(to: digest)
        if calls.rename(layout.staging.file(name), layout.content(digest)) != 0 {
            let fault = FileFault.last("move into place", layout.content(digest))
            guard fault.isMissing else { throw fault }
            // Directories are made when their first content comes, and made again if somebody deleted them. The root is not: if it is
            // gone, so may be the file system that was mounted there.
            for folder in way.dropFirst() { try folder.make() }
            guard calls.rename(layout.staging.file(name), layout.content(digest)) == 0 else {
                throw FileFault.last("move into place", layout.content(digest))
            }
        }
        try file.changeMode(StorageLayout.contentMode)
        // Whichever of several arrivals made a directory, in whatever process, may not have flushed its entry yet: so each flushes all.
        return way
    }

    func delete() throws { try layout.staging.delete(name) }
}
