import ConsoleRecording
import Foundation
import Glibc
import LivepatchKit
import Testing

@testable import LivepatchConsole

@Suite struct SecretTests {
    private func typed(_ text: String) -> SecretLine.Outcome {
        var line = SecretLine(limit: 16)
        var outcome = SecretLine.Outcome.typing
        for byte in text.utf8 where outcome == .typing { outcome = line.type(byte) }
        return outcome
    }

    @Test(
        arguments: [
            ("abc\r", .line("abc")), ("abc\n", .line("abc")), ("axé\u{7F}\u{8}bc\n", .line("abc")),
            ("xyz\u{15}abc\n", .line("abc")),
            ("abc\u{4}", .line("abc")), ("\u{4}", .cancelled), ("abc\u{3}", .cancelled), ("abc", .typing),
            ("12345678901234567", .tooLong), ("\u{7F}\n", .line("")),
        ] as [(String, SecretLine.Outcome)])
    func `Keys edit the line that nobody sees`(keys: String, outcome: SecretLine.Outcome) {
        #expect(typed(keys) == outcome)
    }

    @Test func `A password is asked for at the terminal without echo, which comes back`() async throws {
        // What grantpt(3), unlockpt(3) and ptsname(3) do; Swift sees none of the three.
        let control = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var locked: Int32 = 0
        var number: Int32 = -1
        let (unlock, getNumber): (UInt, UInt) = (0x4004_5431, 0x8004_5430)
        try #require(control >= 0 && ioctl(control, unlock, &locked) == 0 && ioctl(control, getNumber, &number) == 0)
        defer { close(control) }
        let path = "/dev/pts/\(number)"
        let terminal = open(path, O_RDWR | O_NOCTTY)
        defer { close(terminal) }

        let input = SecretInput(console: RecordedConsole().console, terminalPath: path)
        async let asking = onThread { try input.ask("Password:") }
        // The prompt comes only after the echo is off.
        var seen = try await onThread { Self.read(control, until: "Password:") }
        _ = "s3cret\r".utf8.withContiguousStorageIfAvailable { write(control, $0.baseAddress, $0.count) }
        #expect(try await asking == "s3cret")
        seen += try await onThread { Self.read(control, until: "\n") }
        #expect(!seen.contains("s3cret"))
        var settings = termios()
        #expect(tcgetattr(terminal, &settings) == 0)
        #expect(settings.c_lflag & tcflag_t(ECHO) != 0)
    }

    /// Both ends of the terminal block; the threads that all tests share must not wait for each other.
    private func onThread<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try work() }) }
        }
    }

    private static func read(_ descriptor: Int32, until end: String) -> String {
        var text = ""
        var buffer = [UInt8](repeating: 0, count: 256)
        while !text.hasSuffix(end), !text.hasSuffix(end + " ") {
            var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard Glibc.poll(&poll, 1, 10_000) == 1 else { break }
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            guard count > 0 else { break }
            text += String(decoding: buffer.prefix(count), as: UTF8.self).replacing("\r\n", with: "\n")
        }
        return text
    }

    @Test(arguments: [("secret\n", "secret"), ("secret\r\n", "secret"), ("secret", "secret"), (" a b ", " a b ")])
    func `A secret on standard input loses only the line break at its end`(given: String, expected: String) throws {
        #expect(try input(given) == expected)
    }

    @Test(arguments: ["", "\n", "two\nlines", "bell\u{7}", String(repeating: "x", count: 4097)])
    func `What is no password is refused`(given: String) {
        #expect { try input(given) } throws: { ($0 as? LivepatchError)?.code == .malformedRequest }
    }

    private func input(_ text: String) throws -> String {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { close(ends[0]) }
        _ = Array(text.utf8).withUnsafeBytes { write(ends[1], $0.baseAddress, $0.count) }
        close(ends[1])
        return try SecretInput(console: RecordedConsole().console, standardInput: ends[0]).readStandardInput()
    }

    @Test func `Where there is no terminal, the error names the way out`() {
        let input = SecretInput(console: RecordedConsole().console, terminalPath: "/nonexistent/tty")
        #expect { try input.ask("Password:") } throws: {
            ($0 as? LivepatchError)?.suggestion?.contains("--password-stdin") == true
        }
    }
}
