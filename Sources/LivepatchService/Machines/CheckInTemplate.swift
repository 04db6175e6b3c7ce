import FoundationEssentials
import LivepatchKit

/// The JSON of answers to check-ins that differ in their times alone.
struct CheckInTemplate: Sendable {
    private static let time = Date(timeIntervalSince1970: 0)
    /// In JSON no text holds these: a quotation mark in one has a backslash before it.
    private static let marks = (
        seconds: Array("\"nextCheckSeconds\":0".utf8), time: Array("\"time\":\"\(Timestamp.text(time))\"".utf8)
    )

    /// What stands before, between and behind the times.
    private let pieces: (ArraySlice<UInt8>, ArraySlice<UInt8>, ArraySlice<UInt8>)

    /// The answer without its times.
    static func key(_ answer: CheckInAnswer) -> CheckInAnswer {
        CheckInAnswer(
            time: time, revision: answer.revision, tier: answer.tier, patch: answer.patch, reason: answer.reason,
            message: answer.message, revoked: answer.revoked, warnings: answer.warnings, nextCheckSeconds: 0)
    }

    /// - Parameter key: an answer without its times.
    init?(_ key: CheckInAnswer) {
        guard let bytes = try? DocumentCoding.encode(key), let seconds = bytes.firstRange(of: Self.marks.seconds),
            let time = bytes.firstRange(of: Self.marks.time), seconds.upperBound <= time.lowerBound
        else { return nil }
        pieces = (
            bytes[..<(seconds.upperBound - 1)],
            bytes[seconds.upperBound..<(time.upperBound - Timestamp.text(Self.time).utf8.count - 1)],
            bytes[(time.upperBound - 1)...]
        )
    }

    /// An answer that differs in its times alone.
    func bytes(_ answer: CheckInAnswer) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(pieces.0.count + pieces.1.count + pieces.2.count + 32)
        bytes += pieces.0
        bytes += "\(answer.nextCheckSeconds)".utf8
        bytes += pieces.1
        bytes += Timestamp.text(answer.time).utf8
        bytes += pieces.2
        return bytes
    }
}
