import LivepatchKit

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Where a secret comes from: a person at the terminal, standard input or a file; never the command line, where every user of the
/// machine could read it.
public struct SecretInput: Sendable {
    /// The longest secret, in bytes.
    static let limit = 4096

    private let console: Console
    private let terminalPath: String
    private let standardInput: Int32

    /// - Parameters:
    ///   - terminalPath: the terminal that a person is asked at.
    ///   - standardInput: the descriptor that counts as standard input.
    public init(console: Console, terminalPath: String = "/dev/tty", standardInput: Int32 = 0) {
        self.console = console
        self.terminalPath = terminalPath
        self.standardInput = standardInput
    }

    /// Asks at the terminal, without showing what is typed.
    ///
    /// - Throws: ``LivepatchError`` with the code `malformed-request` if there is no terminal or what is typed is no secret, `cancelled`.
    public func ask(_ prompt: String) throws -> String {
        let descriptor = open(terminalPath, O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw LivepatchError(
                .malformedRequest, "There is no terminal to ask for the password at.",
                suggestion: "Give it on standard input, with --password-stdin.")
        }
        defer { close(descriptor) }
        let terminal = DescriptorOutput(descriptor: descriptor, environment: console.environment)
        let echo = try QuietTerminal(descriptor)
        defer { echo.restore() }
        try terminal.write(PrintableText.line(prompt) + " ")
        defer { try? terminal.write("\n") }
        var line = SecretLine(limit: Self.limit)
        while true {
            // The end of the terminal is the end of the line.
            let byte = Self.read(1, from: descriptor)?.first ?? 0x04
            switch line.type(byte) {
            case .typing: continue
            case .line(let text): return try checked(text)
            case .cancelled: throw LivepatchError(.cancelled, "The command was cancelled.")
            case .tooLong: throw Self.unfit
            case .notText: throw Self.unfit
            }
        }
    }

    /// Reads the whole of standard input; a line break at its end does not count.
    /// - Throws: ``LivepatchError`` with the code `malformed-request`.
    public func readStandardInput() throws -> String { try read(standardInput) }

    /// Reads a file; a line break at its end does not count.
    /// - Throws: ``LivepatchError`` with the code `malformed-request`, or `not-found` if it cannot be opened.
    public func readFile(_ path: String) throws -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw LivepatchError(
                .notFound, "The secret cannot be read from '\(path)': \(SystemError.text(errno)).",
                suggestion: "Check the file's name and permissions.")
        }
        defer { close(descriptor) }
        return try read(descriptor)
    }

    private func read(_ descriptor: Int32) throws -> String {
        var bytes: [UInt8] = []
        while let chunk = Self.read(Self.limit, from: descriptor), !chunk.isEmpty {
            bytes += chunk
            guard bytes.count <= Self.limit else { throw Self.unfit }
        }
        if bytes.last == 0x0A { bytes.removeLast() }
        if bytes.last == 0x0D { bytes.removeLast() }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw Self.unfit }
        return try checked(text)
    }

    private func checked(_ text: String) throws -> String {
        guard !text.isEmpty, !text.unicodeScalars.contains(where: PrintableText.isControl) else { throw Self.unfit }
        return text
    }

    private static let unfit = LivepatchError(
        .malformedRequest, "What was given is not a password.",
        suggestion: "A password is one line of 1 to \(limit) bytes, in UTF-8.")

    /// At most `count` bytes, none at the end; `nil` for an error.
    private static func read(_ count: Int, from descriptor: Int32) -> [UInt8]? {
        var failed = false
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            var got = 0
            repeat { got = systemRead(descriptor, buffer.baseAddress, count) } while got < 0 && errno == EINTR
            failed = got < 0
            initialized = max(0, got)
        }
        return failed ? nil : bytes
    }
}

private func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutablePointer<UInt8>?, _ count: Int) -> Int {
    read(descriptor, buffer, count)
}

/// A terminal that does not show what is typed and hands over every key, control-C included, so that it can be put right before
/// the program ends.
private struct QuietTerminal {
    private let descriptor: Int32
    private let before: termios

    init(_ descriptor: Int32) throws {
        var settings = termios()
        guard tcgetattr(descriptor, &settings) == 0 else {
            throw LivepatchError(
                .malformedRequest, "The terminal cannot be told to hide the password: \(SystemError.text(errno)).",
                suggestion: "Give it on standard input, with --password-stdin.")
        }
        self.descriptor = descriptor
        before = settings
        settings.c_lflag &= ~tcflag_t(ECHO | ECHONL | ISIG | ICANON)
        guard tcsetattr(descriptor, TCSAFLUSH, &settings) == 0 else {
            throw LivepatchError(
                .malformedRequest, "The terminal cannot be told to hide the password: \(SystemError.text(errno)).",
                suggestion: "Give it on standard input, with --password-stdin.")
        }
    }

    func restore() {
        var settings = before
        tcsetattr(descriptor, TCSAFLUSH, &settings)
    }
}
