import Foundation
import Synchronization

/// Where the programs of one test run: a directory of its own that is also their home, and an environment that holds nothing of the
/// person's who runs the tests. What is started here ends with it.
public final class Surroundings: Sendable {
    /// Deleted at the end of ``with(_:)``.
    public let directory: String
    private let processes = Mutex<[ChildProcess]>([])

    private init(directory: String) { self.directory = directory }

    /// Runs a test in fresh surroundings. However it ends, its processes are ended and its files deleted afterwards.
    public static func with<Value>(_ body: (Surroundings) async throws -> Value) async throws -> Value {
        let directory = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
            .appendingPathComponent("livepatch-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let surroundings = Surroundings(directory: directory.path)
        defer { try? FileManager.default.removeItem(at: directory) }
        let result: Result<Value, any Error>
        do {
            result = .success(try await body(surroundings))
        } catch {
            result = .failure(error)
        }
        await surroundings.endProcesses()
        return try result.get()
    }

    private func endProcesses() async {
        let processes = processes.withLock { $0 }
        for process in processes { process.signal(SIGKILL) }
        // A cancelled test still waits: a process that writes would keep its files.
        await Task {
            for process in processes { _ = try? await process.end(within: .seconds(10)) }
        }.value
    }

    /// Starts a program of this package.
    /// - Parameter wrapper: a command that becomes the program, and that the program and its arguments are appended to.
    public func start(
        _ executable: BuiltExecutable, _ arguments: [String], environment: [String: String] = [:], input: String = "",
        wrapper: [String] = []
    ) throws -> ChildProcess {
        let words = wrapper + [try executable.path] + arguments
        return try start(path: words[0], Array(words.dropFirst()), environment: environment, input: input)
    }

    /// Starts any program.
    public func start(
        path: String, _ arguments: [String], environment: [String: String] = [:], input: String = ""
    ) throws -> ChildProcess {
        let process = try ChildProcess(
            path, arguments, environment: self.environment(environment), directory: directory, input: Array(input.utf8))
        processes.withLock { processes in
            processes.removeAll { $0.ending != nil }
            processes.append(process)
        }
        return process
    }

    /// The path of something in the directory.
    public func path(_ name: String) -> String { "\(directory)/\(name)" }

    /// Makes a directory.
    public func folder(_ name: String) throws -> String {
        try FileManager.default.createDirectory(atPath: path(name), withIntermediateDirectories: true)
        return path(name)
    }

    /// Writes a file.
    /// - Returns: its path.
    @discardableResult public func file(_ name: String, _ text: String) throws -> String {
        try text.write(toFile: path(name), atomically: true, encoding: .utf8)
        return path(name)
    }

    /// What a program needs to run at all, its home here, and the given variables.
    public func environment(_ more: [String: String] = [:]) -> [String: String] {
        let kept = ["PATH", "LD_LIBRARY_PATH", "LLVM_PROFILE_FILE", "LANG"]
        var environment = ProcessInfo.processInfo.environment.filter { kept.contains($0.key) }
        environment["HOME"] = directory
        environment["XDG_CONFIG_HOME"] = path(".config")
        environment["SWIFT_BACKTRACE"] = "enable=no"
        return environment.merging(more) { $1 }
    }
}
