/// Where in a trace something happens (W3C Trace Context, level 1): what carries one id through the requests of a whole chain.
public struct TraceContext: Hashable, Sendable {
    /// 32 lower-case hexadecimal digits, not all of them zero.
    public let traceID: String
    /// The operation that this is a part of: 16 lower-case hexadecimal digits, not all of them zero.
    public let spanID: String
    /// Whether whoever began the trace records it.
    public let isSampled: Bool
    /// What tracing systems on the way add (`tracestate`), at most 512 characters of it; it is passed on as it is.
    public let state: String?

    private init(traceID: String, spanID: String, isSampled: Bool, state: String?) {
        self.traceID = traceID
        self.spanID = spanID
        self.isSampled = isSampled
        self.state = state
    }

    /// A trace that begins here.
    public init() {
        self.init(traceID: Self.random(words: 2), spanID: Self.random(words: 1), isSampled: false, state: nil)
    }

    /// Reads the fields of a request (section 3.2).
    /// - Parameters:
    ///   - field: `traceparent`.
    ///   - state: `tracestate`.
    /// - Returns: `nil` for what is none: then a trace begins here.
    public init?(parsing field: String, state: String? = nil) {
        let parts = field.split(separator: "-", omittingEmptySubsequences: false)
        // A later version may have more parts behind these.
        guard parts.count >= 4, Self.isHexadecimal(parts[0], 2), parts[0] != "ff", parts[0] != "00" || parts.count == 4,
            Self.isHexadecimal(parts[1], 32), parts[1].contains(where: { $0 != "0" }), Self.isHexadecimal(parts[2], 16),
            parts[2].contains(where: { $0 != "0" }), Self.isHexadecimal(parts[3], 2), let flags = UInt8(parts[3], radix: 16)
        else { return nil }
        let isPassedOn =
            state.map { $0.utf8.count <= 512 && $0.utf8.allSatisfy { (0x20...0x7E).contains($0) || $0 == 0x09 } } ?? false
        self.init(
            traceID: String(parts[1]), spanID: String(parts[2]), isSampled: flags & 1 == 1, state: isPassedOn ? state : nil)
    }

    /// A part of this.
    public func child() -> TraceContext {
        TraceContext(traceID: traceID, spanID: Self.random(words: 1), isSampled: isSampled, state: state)
    }

    /// `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`
    public var traceparent: String { "00-\(traceID)-\(spanID)-\(isSampled ? "01" : "00")" }

    private static func isHexadecimal(_ text: Substring, _ count: Int) -> Bool {
        let (digits, letters) = (UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"))
        return text.utf8.count == count && text.utf8.allSatisfy { digits.contains($0) || letters.contains($0) }
    }

    /// That many words of 64 random bits in hexadecimal digits, none of them zero.
    private static func random(words: Int) -> String {
        (0..<words).map { _ in
            let digits = String(UInt64.random(in: 1 ... .max), radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}
