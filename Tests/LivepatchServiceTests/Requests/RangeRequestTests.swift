import Testing

@testable import LivepatchService

@Suite("What a Range field asks for (RFC 9110, section 14)")
struct RangeRequestTests {
    @Test(
        arguments: [
            (nil, .whole), ("", .whole), ("bytes", .whole), ("bytes=", .whole), ("bytes=-", .whole), ("items=0-1", .whole),
            ("bytes=0-0", .part(0..<1)), ("bytes=0-99", .part(0..<100)), ("bytes=10-19", .part(10..<20)),
            ("bytes=10-", .part(10..<100)), ("bytes=99-", .part(99..<100)), ("bytes=-1", .part(99..<100)),
            ("bytes=-100", .part(0..<100)), ("bytes=-1000", .part(0..<100)), ("bytes=0-1000", .part(0..<100)),
            ("bytes=100-", .unsatisfiable), ("bytes=100-200", .unsatisfiable), ("bytes=-0", .unsatisfiable),
            ("bytes=99999999999999999999-", .unsatisfiable), ("bytes=0-99999999999999999999", .part(0..<100)),
            ("bytes=-99999999999999999999", .part(0..<100)),
            ("BYTES=0-1", .part(0..<2)), ("Bytes=0-1", .part(0..<2)), ("bytes= 0-1 ", .part(0..<2)), ("bytes=0-1,", .part(0..<2)),
            ("bytes=,0-1", .part(0..<2)), ("bytes=0-1,2-3", .whole), ("bytes=0-1, 90-", .whole), ("bytes=,", .whole),
            ("bytes=5-4", .whole), ("bytes=a-b", .whole), ("bytes=0-b", .whole), ("bytes=+1-2", .whole), ("bytes=--1", .whole),
            ("bytes=1-2-3", .whole), ("bytes=0x1-2", .whole), ("bytes = 0-1", .whole), ("bytes=0 - 1", .whole),
            ("bytes=\u{0661}-", .whole), ("bytes:0-1", .whole), ("0-1", .whole),
        ] as [(String?, RangeRequest)])
    func `each field has one meaning`(_ field: String?, _ expected: RangeRequest) {
        #expect(RangeRequest(field, length: 100) == expected)
    }

    @Test func `of empty content no range can be had`() {
        #expect(RangeRequest("bytes=0-", length: 0) == .unsatisfiable)
        #expect(RangeRequest("bytes=-5", length: 0) == .unsatisfiable)
        #expect(RangeRequest(nil, length: 0) == .whole)
    }
}

@Suite("Conditions on entity tags (RFC 9110, section 13)")
struct EntityTagTests {
    let tag = EntityTag("abc")

    @Test(
        arguments: [
            (nil, false), ("\"abc\"", true), ("W/\"abc\"", true), ("*", true), ("\"x\", \"abc\"", true), ("\"x\",\"abc\"", true),
            ("\"x\"", false), ("abc", false), ("", false), ("\"abcd\"", false), ("W/\"x\"", false),
        ] as [(String?, Bool)])
    func `If-None-Match compares weakly`(_ field: String?, _ expected: Bool) {
        #expect(tag.isNamed(inIfNoneMatch: field) == expected)
    }

    @Test(
        arguments: [
            (nil, true), ("\"abc\"", true), ("W/\"abc\"", false), ("\"x\"", false), ("Sat, 01 Jun 2024 12:00:00 GMT", false),
        ] as [(String?, Bool)])
    func `If-Range compares strongly`(_ field: String?, _ expected: Bool) {
        #expect(tag.admitsRange(ifRange: field) == expected)
    }
}

@Suite struct PercentEncodingTests {
    @Test(
        arguments: [
            ("plain", "plain"), ("a%2Bb", "a+b"), ("a+b", "a+b"), ("%e2%82%ac", "€"), ("%41%42", "AB"), ("%", nil), ("%4", nil),
            ("%zz", nil), ("%ff", nil), ("", ""),
        ] as [(String, String?)])
    func `escapes stand for bytes of UTF-8`(_ text: String, _ expected: String?) {
        #expect(PercentEncoding.decoded(text) == expected)
    }
}
