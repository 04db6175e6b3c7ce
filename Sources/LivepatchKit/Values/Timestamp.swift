public import FoundationEssentials

/// Times as text: RFC 3339, in UTC, to the second.
///
/// Written out by hand, since a large catalogue reads many of them, and since Foundation takes 30 February for the 1st of March.
public enum Timestamp {
    /// `2024-06-01T12:00:00Z`; fractions are dropped. Times before the year 0000 or after 9999, which RFC 3339 cannot say, are
    /// written as the first or the last that it can.
    public static func text(_ date: Date) -> String {
        let bounds = days(toYear: 0, 1, 1) * 86_400...(days(toYear: 10_000, 1, 1) * 86_400 - 1)
        let exact = date.timeIntervalSince1970.rounded(.down)
        let seconds = Int(min(max(exact, Double(bounds.lowerBound)), Double(bounds.upperBound)))
        let day = Int((Double(seconds) / 86_400).rounded(.down))
        let (year, month, dayOfMonth) = civil(day)
        let time = seconds - day * 86_400
        return String(unsafeUninitializedCapacity: 20) { bytes in
            var length = 0
            func write(_ number: Int, _ width: Int, _ end: Unicode.Scalar) {
                var rest = number
                for place in (length..<length + width).reversed() {
                    bytes[place] = 0x30 + UInt8(rest % 10)
                    rest /= 10
                }
                bytes[length + width] = UInt8(ascii: end)
                length += width + 1
            }
            write(year, 4, "-")
            write(month, 2, "-")
            write(dayOfMonth, 2, "T")
            write(time / 3600, 2, ":")
            write(time / 60 % 60, 2, ":")
            write(time % 60, 2, "Z")
            return length
        }
    }

    /// Reads RFC 3339 (section 5.6) with `T`, and `Z` or an offset, with or without a fraction of a second, which is dropped; `nil`
    /// for anything else. A leap second is read as the second after it.
    public static func date(_ text: String) -> Date? {
        var rest = Array(text.utf8)[...]
        guard let year = number(&rest, 4), skip(&rest, "-"), let month = number(&rest, 2), skip(&rest, "-"),
            let day = number(&rest, 2), skip(&rest, "T"), let hour = number(&rest, 2), skip(&rest, ":"),
            let minute = number(&rest, 2), skip(&rest, ":"), let second = number(&rest, 2),
            (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second <= 60
        else { return nil }
        if skip(&rest, ".") {
            let fraction = rest.prefix { (0x30...0x39).contains($0) }
            guard !fraction.isEmpty else { return nil }
            rest = rest.dropFirst(fraction.count)
        }
        guard let offset = offset(&rest), rest.isEmpty else { return nil }
        let days = days(toYear: year, month, day)
        guard civil(days) == (year, month, day) else { return nil }
        return Date(timeIntervalSince1970: Double(days * 86_400 + hour * 3600 + minute * 60 + second - offset))
    }

    /// The time without its fraction of a second, as documents carry it.
    public static func wholeSecond(_ date: Date) -> Date {
        Date(timeIntervalSince1970: date.timeIntervalSince1970.rounded(.down))
    }

    // MARK: Text

    private static func number(_ text: inout ArraySlice<UInt8>, _ width: Int) -> Int? {
        let digits = text.prefix(width)
        guard digits.count == width, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        text = text.dropFirst(width)
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }

    private static func skip(_ text: inout ArraySlice<UInt8>, _ character: Unicode.Scalar) -> Bool {
        guard text.first == UInt8(ascii: character) else { return false }
        text = text.dropFirst()
        return true
    }

    /// `Z`, or hours and minutes with a sign, in seconds.
    private static func offset(_ text: inout ArraySlice<UInt8>) -> Int? {
        if skip(&text, "Z") { return 0 }
        let isNegative = text.first == UInt8(ascii: "-")
        guard skip(&text, "+") || skip(&text, "-"), let hours = number(&text, 2), skip(&text, ":"),
            let minutes = number(&text, 2),
            hours < 24, minutes < 60
        else { return nil }
        return (hours * 3600 + minutes * 60) * (isNegative ? -1 : 1)
    }

    // MARK: Calendar

    // The Gregorian calendar, extended to all times, in years that begin in March, so that the leap day is a year's last.

    /// The days from 1970-01-01 to a day, which may lie beyond its month's end.
    private static func days(toYear year: Int, _ month: Int, _ day: Int) -> Int {
        let year = month <= 2 ? year - 1 : year
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func civil(_ days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let index = (5 * dayOfYear + 2) / 153
        let month = index < 10 ? index + 3 : index - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * index + 2) / 5 + 1)
    }
}
