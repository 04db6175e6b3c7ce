import FoundationEssentials
import LivepatchKit
import Testing

@Suite struct TimestampTests {
    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2024-06-01T12:00:00Z", 1_717_243_200), ("2024-06-01T14:00:00+02:00", 1_717_243_200),
            ("2024-06-01T06:30:00-05:30", 1_717_243_200), ("2024-06-01T12:00:00.999Z", 1_717_243_200),
            ("2024-06-01T12:00:00.123456789+00:00", 1_717_243_200), ("2024-02-29T00:00:00Z", 1_709_164_800),
            ("2016-12-31T23:59:60Z", 1_483_228_800), ("0000-01-01T00:00:00Z", -62_167_219_200),
            ("1969-12-31T23:59:59Z", -1), ("9999-12-31T23:59:59Z", 253_402_300_799),
        ] as [(String, Double)])
    func `RFC 3339 is read, whatever its offset and fraction`(text: String, seconds: Double) {
        #expect(Timestamp.date(text) == Date(timeIntervalSince1970: seconds))
    }

    @Test(arguments: [
        "", "2024-06-01", "2024-06-01T12:00:00", "2024-06-01 12:00:00Z", "2024-06-01T12:00Z", "2024-06-01T12:00:00+0200",
        "2024-06-01t12:00:00z", "2024-06-01T12:00:00.Z", " 2024-06-01T12:00:00Z", "2024-6-1T12:00:00Z", "24-06-01T12:00:00Z",
        "2024-13-01T12:00:00Z", "2024-00-01T12:00:00Z", "2024-06-31T12:00:00Z", "2024-06-32T12:00:00Z", "2023-02-29T12:00:00Z",
        "2024-06-00T12:00:00Z", "2024-06-01T25:00:00Z", "2024-06-01T24:00:00Z", "2024-06-01T12:60:00Z", "2024-06-01T12:00:61Z",
        "2024-06-01T12:00:00+25:00", "2024-06-01T12:00:00+02:60", "٢٠٢٤-06-01T12:00:00Z",
    ])
    func `what is no time is refused`(_ text: String) {
        #expect(Timestamp.date(text) == nil, "\(Timestamp.date(text).map(Timestamp.text) ?? "")")
    }

    @Test(arguments: [0, 1_717_243_200, 1_717_243_200.999_999, 1_717_243_200.5, -0.5, -1, 253_402_300_799])
    func `text is UTC to the second, rounded down, and reads back`(_ seconds: Double) {
        let date = Date(timeIntervalSince1970: seconds)
        let whole = Timestamp.wholeSecond(date)
        #expect(whole.timeIntervalSince1970 == seconds.rounded(.down))
        #expect(Timestamp.text(date) == Timestamp.text(whole))
        #expect(Timestamp.date(Timestamp.text(date)) == whole)
    }

    @Test func `every day reads back as itself, and the days follow each other`() throws {
        var last = try #require(Timestamp.date("1899-12-31T00:00:00Z"))
        for day in 0..<110_000 {
            let date = last.addingTimeInterval(86_400)
            guard Timestamp.date(Timestamp.text(date)) == date, Timestamp.text(last) < Timestamp.text(date) else {
                Issue.record("day \(day) is written \(Timestamp.text(date))")
                return
            }
            last = date
        }
        #expect(Timestamp.text(last) == "2201-03-03T00:00:00Z")
    }

    @Test func `times that RFC 3339 cannot say are the first and the last that it can`() {
        #expect(Timestamp.text(Date(timeIntervalSince1970: 1e15)) == "9999-12-31T23:59:59Z")
        #expect(Timestamp.text(Date(timeIntervalSince1970: -1e15)) == "0000-01-01T00:00:00Z")
        #expect(Timestamp.text(.distantFuture) == "4001-01-01T00:00:00Z")
    }

    @Test func `text is as RFC 3339 has it`() {
        #expect(Timestamp.text(Date(timeIntervalSince1970: 1_717_243_200)) == "2024-06-01T12:00:00Z")
    }
}
