import FoundationEssentials

/// A moment in UTC to the second, written `YYYY-MM-DDTHH:MM:SSZ` (specification, section 4.2).
public struct MetadataTime: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Seconds since the beginning of 1970, leap seconds not counted.
    public let secondsSince1970: Int64

    /// The first and the last second that can be written: the years 1 to 9999. Other moments become the nearer of these.
    private static let writable: ClosedRange<Int64> = -62_135_596_800...253_402_300_799

    public init(secondsSince1970: Int64) {
        self.secondsSince1970 = min(max(secondsSince1970, Self.writable.lowerBound), Self.writable.upperBound)
    }

    /// - Returns: `nil` if the text is not exactly of the form `1985-10-21T01:21:00Z`, or no such day exists.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 20 else { return nil }
        for (index, mark) in [(4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":"), (19, "Z")] {
            guard [bytes[index]] == Array(mark.utf8) else { return nil }
        }
        func number(_ range: Range<Int>) -> Int64? {
            var value: Int64 = 0
            for byte in bytes[range] {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
                value = value * 10 + Int64(byte - UInt8(ascii: "0"))
            }
            return value
        }
        guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10), let hour = number(11..<13),
            let minute = number(14..<16), let second = number(17..<19)
        else { return nil }
        guard year >= 1, (1...12).contains(month), hour < 24, minute < 60, second < 60, day >= 1,
            day <= Self.days(ofMonth: month, year: year)
        else { return nil }
        secondsSince1970 = Self.days(before: year, month, day) * 86_400 + hour * 3600 + minute * 60 + second
    }

    /// What the system's clock says.
    public static func now() -> Self { Self(secondsSince1970: Int64(Date().timeIntervalSince1970.rounded(.down))) }

    /// A later moment, or an earlier one.
    public func adding(days: Int) -> Self { adding(seconds: Int64(days).multipliedReportingOverflow(by: 86_400).partialValue) }

    public func adding(seconds: Int64) -> Self {
        let (sum, overflow) = secondsSince1970.addingReportingOverflow(seconds)
        return Self(secondsSince1970: overflow ? (seconds < 0 ? .min : .max) : sum)
    }

    public static func < (one: Self, other: Self) -> Bool { one.secondsSince1970 < other.secondsSince1970 }

    public var description: String {
        let days = secondsSince1970 >= 0 ? secondsSince1970 / 86_400 : (secondsSince1970 - 86_399) / 86_400
        let second = secondsSince1970 - days * 86_400
        let (year, month, day) = Self.date(days)
        func digits(_ number: Int64, _ count: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
        }
        return "\(digits(year, 4))-\(digits(month, 2))-\(digits(day, 2))"
            + "T\(digits(second / 3600, 2)):\(digits(second / 60 % 60, 2)):\(digits(second % 60, 2))Z"
    }

    private static func days(ofMonth month: Int64, year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days from the beginning of 1970 (proleptic Gregorian calendar; the year is reckoned from March, so that leap days come last).
    private static func days(before year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return year * 365 + year / 4 - year / 100 + year / 400 + dayOfYear - 719_468
    }

    private static func date(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let days = days + 719_468
        let era = days / 146_097
        let dayOfEra = days - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * month + 2) / 5 + 1
        return (yearOfEra + era * 400 + (month >= 10 ? 1 : 0), month < 10 ? month + 3 : month - 9, day)
    }
}
