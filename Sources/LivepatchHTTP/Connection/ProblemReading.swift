import LivepatchAPI
import LivepatchKit

/// Reads what a server says about an error of its own.
enum ProblemReading {
    /// The most that is read of an error's body, in bytes.
    static let limit: Int64 = 64 << 10

    /// The problem details of an answer (RFC 9457); `nil` if it brings none, or none that can be read.
    static func problem(_ answer: Answer) async -> Problem? {
        guard answer.mediaType == Problem.mediaType, let bytes = try? await answer.body.collect(limit: limit) else { return nil }
        return try? DocumentCoding.decode(Problem.self, from: bytes)
    }
}
