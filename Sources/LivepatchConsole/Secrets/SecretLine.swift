/// A line that is typed without being shown: bytes in, a line or the wish to stop out.
struct SecretLine: Sendable {
    enum Outcome: Hashable, Sendable {
        /// More bytes are needed.
        case typing
        case line(String)
        /// Control-C, or control-D on an empty line.
        case cancelled
        case tooLong
        case notText
    }

    private var bytes: [UInt8] = []
    private let limit: Int

    /// - Parameter limit: the most bytes that are taken.
    init(limit: Int) { self.limit = limit }

    mutating func type(_ byte: UInt8) -> Outcome {
        switch byte {
        case 0x0A, 0x0D: return finished
        case 0x03: return .cancelled
        case 0x04: return bytes.isEmpty ? .cancelled : finished
        case 0x15: bytes = []
        case 0x08, 0x7F:
            // A character is taken back whole, not one byte of its UTF-8.
            while let last = bytes.popLast(), last & 0xC0 == 0x80 {}
        default:
            guard bytes.count < limit else { return .tooLong }
            bytes.append(byte)
        }
        return .typing
    }

    private var finished: Outcome { String(validating: bytes, as: UTF8.self).map(Outcome.line) ?? .notText }
}
