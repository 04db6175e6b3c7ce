#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What is at the other end of an output: a person's terminal, or a file or pipe.
public struct Terminal: Hashable, Sendable {
    /// In columns; `nil` if it is not a terminal.
    public let width: Int?
    /// Whether colours are wanted.
    public let colours: Bool

    /// A terminal of that width; `nil` stands for a file or a pipe, which has no colours.
    public init(width: Int?, colours: Bool) {
        self.width = width
        self.colours = colours && width != nil
    }

    /// A file or a pipe.
    public static let none = Terminal(width: nil, colours: false)

    /// Whether a person is looking.
    public var isInteractive: Bool { width != nil }

    /// Looks at a file descriptor.
    ///
    /// Colours are off where the environment has a non-empty `NO_COLOR` (no-color.org) or `TERM` is `dumb`.
    public init(descriptor: Int32, environment: [String: String]) {
        let interactive = isatty(descriptor) == 1
        self.init(
            width: interactive ? Self.width(of: descriptor, environment) : nil,
            colours: Self.wantsColours(environment))
    }

    static func wantsColours(_ environment: [String: String]) -> Bool {
        (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
    }

    private static func width(of descriptor: Int32, _ environment: [String: String]) -> Int {
        var size = winsize()
        if ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 { return Int(size.ws_col) }
        return environment["COLUMNS"].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil } ?? 80
    }
}
