import Foundation
import LivepatchKit

/// Where measurements are made, and how large.
struct Workbench: Sendable {
    /// How much is measured.
    struct Scale: Sendable {
        /// Files of one import round.
        var importedFiles: Int
        /// Files of the catalogue that a release comes into, and of the release.
        var cataloguedFiles: Int
        var releasedFiles: Int
        var rounds: Int
        /// How long one round of downloads takes, in seconds.
        var downloadSeconds: Int
        /// Changes that are pushed down a chain, and how many listen at once to one server.
        var pushedChanges: Int
        var listeners: Int

        static let small = Scale(
            importedFiles: 300, cataloguedFiles: 5_000, releasedFiles: 500, rounds: 3, downloadSeconds: 2,
            pushedChanges: 40, listeners: 1_000)
        static let full = Scale(
            importedFiles: 2_000, cataloguedFiles: 50_000, releasedFiles: 1_500, rounds: 5, downloadSeconds: 5,
            pushedChanges: 200, listeners: 10_000)
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
