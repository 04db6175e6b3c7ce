import LivepatchKit
import PatchGenerator
import Testing

/// Which views may be seen.
struct ViewProgress {
    private(set) var old: ServerView
    private(set) var new: ServerView

    init(old: ServerView, new: ServerView) {
        self.old = old
        self.new = new
    }

    mutating func advance(to view: ServerView) {
        old = new
        new = view
    }

    func check(_ view: ServerView, _ comment: String) throws {
        try #require(view == old || view == new, "\(comment):\n\(view)\nis neither\n\(old)\nnor\n\(new)")
    }

    /// The files that a kill may have harmed: those that the two views differ in, and some of the others.
    func suspects(
        in view: ServerView, using random: inout SeededRandom
    ) -> [(name: PatchFileName, digest: SHA256Digest, isBlocked: Bool)] {
        let files = view.files.filter { file in file.isBlocked || view.versions[file.name.version]?.tiers.isEmpty == false }
        let touched = files.filter { old.versions[$0.name.version] != new.versions[$0.name.version] }
        return touched + files.shuffled(using: &random).prefix(6)
    }
}
