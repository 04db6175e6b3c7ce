package import FoundationEssentials
import LivepatchKit

/// `Retry-After` (RFC 9110, section 10.2.3): seconds, or a time.
package enum RetryAfter {
    /// How long to wait; `nil` if the field is absent or says nothing that can be read. Never less than 0, nor more than a day.
    /// - Parameter now: the server's own time, from `Date`, where it told it: then the clocks need not agree.
    package static func duration(_ field: String?, now: Date) -> Duration? {
        guard let field else { return nil }
        if let seconds = Int64(field), seconds >= 0 { return min(.seconds(seconds), longest) }
        guard let date = date(field) else { return nil }
        return min(max(.seconds(date.timeIntervalSince(now)), .zero), longest)
    }

    package static let longest = Duration.seconds(86_400)

    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// Reads an HTTP date in the form that servers send: `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7).
    static func date(_ text: String) -> Date? {
        guard let match = text.wholeMatch(of: /[A-Z][a-z]{2}, ([0-9]{2}) ([A-Z][a-z]{2}) ([0-9]{4}) ([0-9:]{8}) GMT/),
            let month = months.firstIndex(of: String(match.2))
        else { return nil }
        return Timestamp.date("\(match.3)-\(month < 9 ? "0" : "")\(month + 1)-\(match.1)T\(match.4)Z")
    }
}
