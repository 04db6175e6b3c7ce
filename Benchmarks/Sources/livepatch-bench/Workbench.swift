import Foundation
import LivepatchKit

/// Where measurements are made, and how large.
struct Workbench: Sendable {
    /// How much is measured.
    struct Scale: Sendable {
        /// Files of one import round.
        var importedFiles: Int
        /// Files of the catalogues that are synced, and of a release.
        var catalogues: [Int]
        var releasedFiles: Int
        /// Files of 100 KB of a first sync.
        var firstFiles: Int
        var rounds: Int
        /// How long one round of downloads takes, in seconds.
        var downloadSeconds: Int
        /// Changes that are pushed down a chain, and how many listen at once to one server.
        var pushedChanges: Int
        var listeners: Int
        /// Machines that check in within a minute.
        var fleet: Int
        /// Changes that are pushed down a tree.
        var treeChanges: Int

        static let small = Scale(
            importedFiles: 300, catalogues: [1_000, 100_000], releasedFiles: 1_500, firstFiles: 1_000, rounds: 3,
            downloadSeconds: 2,
            pushedChanges: 200, listeners: 10_000, fleet: 50_000, treeChanges: 20)
        static let full = Scale(
            importedFiles: 2_000, catalogues: [1_000, 100_000, 1_000_000], releasedFiles: 1_500, firstFiles: 10_000, rounds: 5,
            downloadSeconds: 5,
            pushedChanges: 200, listeners: 10_000, fleet: 1_000_000, treeChanges: 40)
    }

    let scale: Scale
    /// The server's program.
    let server: String
    private let root: URL

    /// - Throws: what making the directory fails with.
    init(directory: String?, server: String, scale: Scale) throws {
        let parent = directory.map { URL(filePath: $0) } ?? FileManager.default.temporaryDirectory
        root = parent.appending(path: "livepatch-bench-\(UInt32.random(in: .min ... .max))")
        self.server = server
        self.scale = scale
        try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
    }

    /// A path for something new.
    func path(_ name: String) -> String { root.appending(path: name).path }

    func remove(_ name: String) { try? FileManager.default.removeItem(at: root.appending(path: name)) }

    func clear() { try? FileManager.default.removeItem(at: root) }

    /// Says what is being done, since it takes its time.
    func say(_ text: String) { FileHandle.standardError.write(Data("\(text)\n".utf8)) }

    /// Runs the body and returns how long it took, in seconds.
    func time(_ body: () async throws -> Void) async throws -> Double {
        let start = ContinuousClock.now
        try await body()
        return start.duration(to: .now) / .seconds(1)
    }
}
