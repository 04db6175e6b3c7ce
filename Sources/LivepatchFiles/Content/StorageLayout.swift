import LivepatchKit

/// Which file is where below a storage's directory:
/// ```
/// content/sha256/ab/ab34…   content, by its digest; read-only
/// staging/ab34….part        content on its way in, whose digest is known
/// staging/upload-….part     content on its way in, whose digest is not known yet
/// ```
struct StorageLayout: Sendable {
    let root: Folder
    let contents: Folder
    let staging: Folder

    init(_ path: String) {
        root = Folder(path)
        contents = root.folder("content").folder("sha256")
        staging = root.folder("staging")
    }

    /// The directories on the way to a content, from the root to its shard.
    func way(to digest: SHA256Digest) -> [Folder] { [root, contents.above, contents, shard(digest)] }

    func shard(_ digest: SHA256Digest) -> Folder { contents.folder(String(digest.description.prefix(2))) }

    /// The shards that there are, in order.
    func shards() throws(FileFault) -> [Folder] {
        try contents.names().filter { $0.utf8.count == 2 && !$0.utf8.contains(where: { !Self.isDigit($0) }) }.map(contents.folder)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }

    func content(_ digest: SHA256Digest) -> String { shard(digest).file(digest.description) }

    func staged(_ digest: SHA256Digest) -> String { "\(digest)\(Self.stagedSuffix)" }

    func upload() -> String { "upload-\(String(UInt64.random(in: .min ... .max), radix: 16))\(Self.stagedSuffix)" }

    /// The digest that a staged file is named after; `nil` for an upload.
    func digest(staged name: String) -> SHA256Digest? {
        try? SHA256Digest(parsing: String(name.dropLast(Self.stagedSuffix.count)))
    }

    static let stagedSuffix = ".part"
    /// Server's user and group, nobody else.
    static let contentMode: UInt32 = 0o440
}
