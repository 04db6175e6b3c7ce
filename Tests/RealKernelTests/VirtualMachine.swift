import Foundation
import Processes
import Synchronization
import Testing

/// A machine in QEMU that runs a real kernel, and one command after the other. It reaches this machine's loopback as ``host``.
final class VirtualMachine: Sendable {
    /// This machine's 127.0.0.1, as the machine sees it.
    static let host = "10.0.2.2"

    /// How long is waited for what the machine does by itself. It is emulated, and shares its processors with other tests.
    static let patience: Duration = .seconds(240)

    private let process: ChildProcess
    /// The writing end of the second serial line, and a descriptor that keeps its reading end open.
    private let line: (commands: Int32, answers: Int32)
    private let answers: CapturedOutput
    private let commands = Mutex(0)

    private init(process: ChildProcess, line: (commands: Int32, answers: Int32), answers: CapturedOutput) {
        self.process = process
        self.line = line
        self.answers = answers
    }

    /// Runs a body with a machine that has booted and has the agent. However it ends, the machine is ended afterwards.
    static func with(_ kernel: RealKernel, in here: Surroundings, _ body: (VirtualMachine) async throws -> Void) async throws {
        let folder = try here.folder("machine-\(UUID().uuidString.prefix(8))")
        let ends = try ["in", "out"].map { end in
            // Opened for both directions, so that nobody waits for the other side, and nobody sees an end too early.
            let path = "\(folder)/console.\(end)"
            guard mkfifo(path, 0o600) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
            let descriptor = open(path, O_RDWR | O_CLOEXEC)
            guard descriptor >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
            return descriptor
        }
        let reading = open("\(folder)/console.out", O_RDONLY | O_CLOEXEC)
        let process = try here.start(
            path: RealKernel.bootScript,
            [kernel.path(.vmlinuz), kernel.path(.initrd), folder, "bin/livepatch-agent=\(kernel.agent)"])
        let machine = VirtualMachine(
            process: process, line: (ends[0], ends[1]), answers: CapturedOutput(reading: reading))
        let result: Result<Void, any Error>
        do {
            try await machine.waitUntilReady()
            result = .success(try await body(machine))
        } catch {
            let said = try? await machine.run("livepatch-agent status; cat /run/agent.log", within: .seconds(60))
            result = .failure(CommandFailed(description: "\(error)\nThe agent then:\n\(said?.output ?? "does not answer")"))
        }
        await machine.end()
        Attachment.record(machine.log, named: "serial-console.txt")
        try result.get()
    }

    /// What the kernel and the first process have printed so far.
    var log: String { process.output.text + process.errors.text }

    /// Runs a command of the machine's shell to its end, whatever becomes of it. What it leaves behind in the background has to have
    /// outputs of its own.
    func run(_ command: String, within limit: Duration = VirtualMachine.patience) async throws -> FinishedCommand {
        let number = commands.withLock { number in
            number += 1
            return number
        }
        let text = Array("\(number) \(Data(command.utf8).base64EncodedString())\n".utf8)
        guard write(line.commands, text, text.count) == text.count else { throw CommandFailed(description: "\(errno)") }
        var answer: [Substring] = []
        try await eventually("the machine answers '\(command)'; it said:\n\(log)", within: limit) {
            if let ending = process.ending {
                throw CommandFailed(description: "The machine ended with \(ending) during '\(command)'.\n\(log)")
            }
            answer = answers.lines.last { $0.hasPrefix("\(number) ") && $0.hasSuffix(">") }?.split(separator: " ") ?? []
            return answer.count == 4
        }
        return FinishedCommand(
            line: command, ending: .exited(Int32(answer[1]) ?? -1), output: Self.text(answer[2]), errors: Self.text(answer[3]))
    }

    /// Runs a command that has to succeed.
    /// - Returns: what it printed.
    @discardableResult func callAsFunction(_ command: String) async throws -> String {
        let finished = try await run(command)
        guard finished.status == 0 else { throw CommandFailed(description: "\(finished)\n\(log)") }
        return finished.output
    }

    /// What `/proc/cmdline` shows now, in the running kernel.
    func commandLine() async throws -> String {
        try await self("cat /proc/cmdline").trimmingCharacters(in: .newlines)
    }

    /// Waits until the running kernel's `/proc/cmdline` shows that.
    func becomes(_ text: String) async throws {
        try await eventually("/proc/cmdline shows '\(text)'; the machine said:\n\(log)", within: Self.patience) {
            try await commandLine() == text
        }
    }

    private func waitUntilReady() async throws {
        try await eventually("the machine has booted; it said:\n\(log)", within: Self.patience) {
            if let ending = process.ending {
                try await process.end()
                throw CommandFailed(description: "The machine ended with \(ending).\n\(log)")
            }
            return answers.lines.contains("ready")
        }
    }

    /// Switches the machine off as one does who has waited long enough; nothing in it is worth keeping.
    private func end() async {
        process.signal(SIGKILL)
        _ = try? await process.end(within: .seconds(10))
        close(line.commands)
        close(line.answers)
    }

    private static func text(_ word: Substring) -> String {
        Data(base64Encoded: String(word.dropFirst().dropLast())).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
