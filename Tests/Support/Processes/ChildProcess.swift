public import Foundation
import Synchronization

/// A process that the tests started.
public final class ChildProcess: Sendable {
    /// How a process ended.
    public enum Ending: Hashable, Sendable, CustomStringConvertible {
        case exited(Int32)
        case killed(signal: Int32)

        public var description: String {
            switch self {
            case .exited(let status): "exit status \(status)"
            case .killed(let signal): "signal \(signal)"
            }
        }
    }

    public let processID: pid_t
    public let output: CapturedOutput
    public let errors: CapturedOutput
    private let state = Mutex<Ending?>(nil)
    /// Held from where a pipe is made to where it is closed to other programs: one that inherited it would keep it open.
    private static let spawning = Mutex<Void>(())

    /// Starts a program.
    /// - Parameters:
    ///   - environment: all of it; see ``Surroundings``.
    ///   - directory: the working directory.
    ///   - input: what it reads from standard input; nothing by default.
    public init(
        _ path: String, _ arguments: [String], environment: [String: String], directory: String, input: [UInt8] = []
    ) throws {
        let (child, reading, readingErrors) = try Self.spawning.withLock { _ in
            let (reading, writing) = try Self.pipePair()
            let (readingErrors, writingErrors) = try Self.pipePair()
            let files = [try Self.file(holding: input), writing, writingErrors]
            defer { files.forEach { close($0) } }
            return (try Self.spawn(path, arguments, environment, directory, files: files), reading, readingErrors)
        }
        processID = child
        output = CapturedOutput(reading: reading)
        errors = CapturedOutput(reading: readingErrors)
        Thread.detachNewThread { [self] in
            // Its number stays its own until it is reaped, which happens where nobody can signal it at the same time.
            var information = siginfo_t()
            while waitid(P_PID, id_t(processID), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
            state.withLock { state in
                var status: Int32 = 0
                waitpid(processID, &status, 0)
                let signal = status & 0x7F
                state = signal == 0 ? .exited((status >> 8) & 0xFF) : .killed(signal: signal)
            }
        }
    }

    /// How it ended; `nil` while it runs.
    public var ending: Ending? { state.withLock { $0 } }

    /// Sends a signal; nothing happens after its end.
    public func signal(_ number: Int32) {
        state.withLock { if $0 == nil { _ = kill(processID, number) } }
    }

    /// Waits for its end, and for all of its output.
    @discardableResult public func end(within limit: Duration = .seconds(60)) async throws -> Ending {
        try await eventually("the end of process \(processID)\n\(output.text)\n\(errors.text)", within: limit) { ending != nil }
        try await eventually("the end of the output of process \(processID)", within: limit) {
            output.isComplete && errors.isComplete
        }
        return try ending ?? { throw DeadlinePassed("a process has come back to life") }()
    }

    /// Ends it at this very moment (SIGKILL).
    public func kill9() async throws {
        signal(SIGKILL)
        try await end()
    }

    /// A file without a name, so that nobody has to write while somebody reads.
    private static func file(holding bytes: [UInt8]) throws -> Int32 {
        var template = Array("\(NSTemporaryDirectory())/livepatch-input-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        unlink(template)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        guard bytes.isEmpty || write(descriptor, bytes, bytes.count) == bytes.count, lseek(descriptor, 0, SEEK_SET) == 0 else {
            close(descriptor)
            throw POSIXError(.EIO)
        }
        return descriptor
    }

    private static func pipePair() throws -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [0, 0]
        let status = pipe(&ends)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        guard status == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EMFILE) }
        return (ends[0], ends[1])
    }

    private static func spawn(
        _ path: String, _ arguments: [String], _ environment: [String: String], _ directory: String, files: [Int32]
    ) throws -> pid_t {
        #if os(Linux)
            var actions = posix_spawn_file_actions_t()
            var attributes = posix_spawnattr_t()
        #else
            var actions: posix_spawn_file_actions_t?
            var attributes: posix_spawnattr_t?
        #endif
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        for (target, descriptor) in files.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(target))
        }
        // The test runner's own choices are not inherited.
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

        // The shell goes to the directory and becomes the program, with the same process id.
        let shell = "/bin/sh"
        let texts = ([shell, "-c", "cd \"$0\" && exec \"$@\"", directory, path] + arguments).map { strdup($0) } + [nil]
        let variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (texts + variables).forEach { free($0) } }
        var child: pid_t = 0
        let status = posix_spawn(&child, shell, &actions, &attributes, texts, variables)
        guard status == 0 else { throw POSIXError(POSIXErrorCode(rawValue: status) ?? .ENOENT) }
        return child
    }
}
