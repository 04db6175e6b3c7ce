import Foundation
import Processes

/// A file system in memory of which a server sees its data directory, and which outlives that server.
struct SmallDisk: Sendable {
    /// What goes before a command so that it sees the file system.
    let wrapper: [String]
    /// Where it is for everybody else.
    private let path: String

    /// Makes one.
    /// - Returns: `nil` where file systems cannot be mounted.
    static func make(_ here: Surroundings, bytes: Int, at path: String) async throws -> SmallDisk? {
        let tools = ["/usr/bin/unshare", "/usr/bin/nsenter"]
        guard tools.allSatisfy(FileManager.default.isExecutableFile(atPath:)) else { return nil }
        let isRoot = getuid() == 0
        // The namespace lives as long as this process: its surroundings end it.
        let keeper = try here.start(
            path: tools[0],
            ["--mount"] + (isRoot ? [] : ["--map-root-user"]) + [
                "/bin/sh", "-c", "mount -t tmpfs -o size=\(bytes) livepatch \"$0\" && echo mounted && exec sleep 100000", path,
            ])
        try await eventually("a file system is mounted, or cannot be") {
            keeper.ending != nil || keeper.output.text.contains("mounted")
        }
        guard keeper.ending == nil else { return nil }
        let user = isRoot ? [] : ["--user", "--preserve-credentials"]
        return SmallDisk(
            wrapper: [tools[1], "--target", "\(keeper.processID)", "--mount"] + user + ["--"],
            path: "/proc/\(keeper.processID)/root\(path)")
    }

    /// Takes all the room that is left.
    func fill() {
        _ = FileManager.default.createFile(atPath: "\(path)/ballast", contents: nil)
        guard let file = FileHandle(forWritingAtPath: "\(path)/ballast") else { return }
        for size in [1 << 20, 64 << 10, 4 << 10] {
            while (try? file.write(contentsOf: Data(count: size))) != nil {}
        }
        try? file.close()
    }

    func free() { try? FileManager.default.removeItem(atPath: "\(path)/ballast") }

    /// Where something in it is for everybody else.
    func outside(_ name: String) -> String { "\(path)/\(name)" }
}
