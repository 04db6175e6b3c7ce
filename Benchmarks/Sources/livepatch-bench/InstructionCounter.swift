import Foundation
import LivepatchKit

/// Runs a server under valgrind's callgrind.
struct InstructionCounter {
    private let valgrind: String
    private let control: String
    private let strip: String
    private let compiler: String

    /// `nil` if something that it takes is not installed.
    init?() {
        guard let valgrind = Program.path("valgrind"), let control = Program.path("callgrind_control"),
            let strip = Program.path("strip"), let compiler = Program.path("gcc") ?? Program.path("clang") ?? Program.path("cc")
        else { return nil }
        (self.valgrind, self.control, self.strip, self.compiler) = (valgrind, control, strip, compiler)
    }

    /// Starts a server, of which nothing is counted yet.
    func start(_ program: String, dataDirectory: String) async throws -> (RunningServer, InstructionCount) {
        let stripped = "\(dataDirectory)/server"
        let (source, library) = ("\(dataDirectory)/main-queue.c", "\(dataDirectory)/main-queue.so")
        // valgrind gives up over debugging information that is newer than it is.
        try Program.run(strip, ["--strip-debug", "-o", stripped, program])
        try Data(Self.mainQueue.utf8).write(to: URL(filePath: source))
        try Program.run(compiler, ["-shared", "-fPIC", "-O1", "-Wl,-z,lazy", "-o", library, source])
        let output = "\(dataDirectory)/callgrind"
        let server = try await RunningServer(
            stripped, under: [valgrind, "--tool=callgrind", "--instr-atstart=no", "--callgrind-out-file=\(output)"],
            dataDirectory: dataDirectory, environment: ["LD_PRELOAD": library])
        return (server, InstructionCount(control: control, process: "\(server.processID)", output: output))
    }

    /// An asynchronous main function ends the process's first thread, which valgrind does not survive. Here that thread stays, and does what
    /// there is to do on the main queue every now and then.
    private static let mainQueue = """
        #include <time.h>
        extern void *_dispatch_get_main_queue_handle_4CF(void);
        extern void _dispatch_main_queue_callback_4CF(void *);
        __attribute__((noreturn)) void swift_task_asyncMainDrainQueue(void) {
            struct timespec pause = {0, 20000000};
            _dispatch_get_main_queue_handle_4CF();
            for (;;) {
                _dispatch_main_queue_callback_4CF(0);
                nanosleep(&pause, 0);
            }
        }

        """
}

/// Counts what a process executes that callgrind watches.
struct InstructionCount {
    fileprivate let control: String
    fileprivate let process: String
    /// Where its counts go: a file with a number behind that for each.
    fileprivate let output: String

    /// How many instructions the process executes while something is done.
    func count(_ body: () throws -> Void) throws -> Int {
        try Program.run(control, ["-i", "on", process])
        try Program.run(control, ["-z", process])
        try body()
        let number = try counts().max() ?? 0
        try Program.run(control, ["-d", process])
        try Program.run(control, ["-i", "off", process])
        let deadline = ContinuousClock.now + .seconds(30)
        while ContinuousClock.now < deadline {
            if let newest = try counts().max(), newest > number, let total = total("\(output).\(newest)") { return total }
            Thread.sleep(forTimeInterval: 0.05)
        }
        throw LivepatchError(.internalFault, "callgrind wrote no count to '\(output).…'.")
    }

    /// The numbers of the files that were written.
    private func counts() throws -> [Int] {
        let file = URL(filePath: output)
        return try FileManager.default.contentsOfDirectory(atPath: file.deletingLastPathComponent().path).compactMap { name in
            name.hasPrefix("\(file.lastPathComponent).") ? Int(name.dropFirst(file.lastPathComponent.count + 1)) : nil
        }
    }

    /// `nil` if the file is not complete yet.
    private func total(_ path: String) -> Int? {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
        return text.split(separator: "\n").last { $0.hasPrefix("totals: ") }.flatMap { Int($0.dropFirst("totals: ".count)) }
    }
}
