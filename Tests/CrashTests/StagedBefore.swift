import LivepatchKit
import Testing

/// What had arrived when a process was started.
struct StagedBefore {
    private let staged: [String: Int64]
    private let digests: [String: SHA256Digest]
    private let held: Set<SHA256Digest>

    init(_ storage: StorageFiles, _ view: ServerView) {
        staged = storage.staged()
        let files = view.files
        digests = Dictionary(uniqueKeysWithValues: files.map { ("\($0.name)", $0.digest) })
        held = Set(files.map(\.digest).filter(storage.holds))
    }

    /// The first request for each file goes on exactly where the process before left off: not even the chunk is lost that the last
    /// write was about, because what was written is in the kernel's hands.
    func check(_ fetches: [ObservedUpstream.Fetch], _ comment: String) {
        var seen: Set<String> = []
        for fetch in fetches where seen.insert(fetch.file).inserted {
            guard let digest = digests[fetch.file] else {
                Issue.record("\(fetch.file) is unknown, \(comment)")
                continue
            }
            #expect(!held.contains(digest), "\(fetch.file) was here already, \(comment)")
            #expect(fetch.offset == staged[digest.description] ?? 0, "\(fetch.file), \(comment)")
        }
    }
}
