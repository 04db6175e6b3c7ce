import FoundationEssentials
import LivepatchKit

/// Until when something is valid: a moment, or a time from now.
enum Deadline: Hashable, Sendable {
    case at(Date)
    case after(Duration)

    /// Reads RFC 3339 or a duration such as `30d`.
    /// - Throws: ``LivepatchError`` with the code `malformed-value`.
    init(parsing text: String) throws {
        if let date = Timestamp.date(text) {
            self = .at(date)
        } else if let duration = try? DurationText.parse(text), duration > .zero {
            self = .after(duration)
        } else {
            throw LivepatchError(
                .malformedValue, "'\(text)' is neither a time nor a duration.",
                suggestion: "Write a time like 2025-06-01T12:00:00Z, or a duration like 30d.")
        }
    }

    /// The moment itself.
    /// - Throws: ``LivepatchError`` with the code `malformed-value` if it has passed.
    func date(now: Date) throws -> Date {
        switch self {
        case .after(let duration): return now + Double(duration.components.seconds)
        case .at(let date):
            guard date > now else {
                throw LivepatchError(
                    .malformedValue, "\(Timestamp.text(date)) has passed already.", suggestion: "Choose a time in the future.")
            }
            return date
        }
    }
}
