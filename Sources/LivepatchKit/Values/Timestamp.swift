public import FoundationEssentials

/// Times as text: RFC 3339, in UTC, to the second.
public enum Timestamp {
    /// `2024-06-01T12:00:00Z`.
    public static func text(_ date: Date) -> String { date.formatted(.iso8601) }

    /// Reads RFC 3339 with `Z` or an offset, with or without a fraction of a second; `nil` for anything else.
    public static func date(_ text: String) -> Date? {
        guard
            text.wholeMatch(
                of: /[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})/)
                != nil
        else { return nil }
        let whole = text.replacing(/\.[0-9]+/, with: "")
        return try? Date(whole, strategy: .iso8601)
    }

    /// The time without its fraction of a second, as documents carry it.
    public static func wholeSecond(_ date: Date) -> Date {
        Date(timeIntervalSince1970: date.timeIntervalSince1970.rounded(.down))
    }
}
