import FoundationEssentials
import LivepatchKit

/// Times as HTTP writes them: `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7).
enum HTTPDate {
    private static let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// - Parameter date: one since 1970.
    static func text(_ date: Date) -> String {
        let days = Int(date.timeIntervalSince1970 / 86_400)
        let text = Timestamp.text(date)
        let day = text.prefix(10).split(separator: "-")
        let month = months[(Int(day[1]) ?? 1) - 1]
        return "\(weekdays[days % 7]), \(day[2]) \(month) \(day[0]) \(text.dropFirst(11).prefix(8)) GMT"
    }
}
