import TUF
import Testing

@Suite struct `Metadata times` {
    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("1985-10-21T01:21:00Z", 498_705_660), ("2000-02-29T23:59:59Z", 951_868_799),
            ("2030-01-01T00:00:00Z", 1_893_456_000), ("1969-12-31T23:59:59Z", -1), ("0001-01-01T00:00:00Z", -62_135_596_800),
            ("9999-12-31T23:59:59Z", 253_402_300_799), ("1900-03-01T00:00:00Z", -2_203_891_200),
        ] as [(String, Int64)])
    func `are read and written`(_ text: String, _ seconds: Int64) {
        #expect(MetadataTime(text)?.secondsSince1970 == seconds)
        #expect(MetadataTime(secondsSince1970: seconds).description == text)
    }

    @Test(arguments: [
        "", "2030-01-01", "2030-01-01T00:00:00", "2030-01-01T00:00:00.0Z", "2030-01-01T00:00:00+00:00", "2030-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z", "2030-13-01T00:00:00Z", "2030-00-01T00:00:00Z", "2030-01-00T00:00:00Z", "2030-04-31T00:00:00Z",
        "2030-01-01T24:00:00Z", "2030-01-01T00:60:00Z", "2030-01-01T00:00:60Z", "0000-01-01T00:00:00Z", "２030-01-01T00:00:00Z",
        "+030-01-01T00:00:00Z", "2030-01-01t00:00:00Z", "2030-01-01T00:00:00z",
    ])
    func `are refused in any other form`(_ text: String) { #expect(MetadataTime(text) == nil) }

    @Test func `stay within what can be written`() {
        #expect(MetadataTime(secondsSince1970: .max).description == "9999-12-31T23:59:59Z")
        #expect(MetadataTime(secondsSince1970: .min).adding(days: .min).description == "0001-01-01T00:00:00Z")
        #expect(MetadataTime(secondsSince1970: 0).adding(seconds: .max).description == "9999-12-31T23:59:59Z")
    }
}
