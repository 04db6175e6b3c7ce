import TUF
import Testing

@Suite struct `JSON documents` {
    @Test(arguments: [
        "", " ", "{", "[", "[1,]", "{\"a\":1,}", "{\"a\"}", "{a:1}", "[1 2]", "nul", "tru", "01", "-", "1.", ".5", "1e", "+1",
        "\"", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"a\nb\"", "{} {}", "NaN", "'a'",
        "\u{FEFF}{}", "[1,,2]", "{\"a\":1,\"a\":2}", "{\"a\":1,\"b\":0,\"\\u0061\":2}", "\"\\ud834\\u\"", "\"\\ud834\\", "/**/1",
    ])
    func `are refused if they are not exactly JSON`(_ json: String) async {
        await expectRefusal(.malformed) { _ = try JSONDocument.parse(Array(json.utf8)) }
    }

    @Test(
        arguments: [[0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xE2, 0x82, 0x22]]
            as [[UInt8]])
    func `are refused if a string is not UTF-8`(_ bytes: [UInt8]) async {
        await expectRefusal(.malformed) { _ = try JSONDocument.parse(bytes) }
    }

    @Test func `may be nested, but not without end`() async throws {
        let deep = { (depth: Int) in [UInt8](repeating: 0x5B, count: depth) + [UInt8](repeating: 0x5D, count: depth) }
        _ = try JSONDocument.parse(deep(60))
        await expectRefusal(.malformed) { _ = try JSONDocument.parse(deep(66)) }
        await expectRefusal(.malformed) { _ = try JSONDocument.parse([UInt8](repeating: 0x5B, count: 2_000_000)) }
    }

    @Test func `are written so that they are read as the same value`() throws {
        let value: JSONValue = [
            "names": ["a\u{0}\n\"\\/é𝄞": true, "e\u{301}": -1, "é": 9],
            "more": [.null, .number("1.5e3"), [], JSONValue.object([:])],
        ]
        #expect(try JSONDocument.parse(JSONDocument.write(value)) == value)
    }

    @Test func `tell names apart that look the same`() throws {
        guard case .object(let object) = try JSONDocument.parse(Array("{\"é\":1,\"e\u{301}\":2}".utf8)) else {
            Issue.record("no object")
            return
        }
        #expect(object["\u{E9}"] == 1)
        #expect(object["e\u{301}"] == 2)
        #expect(JSONValue.string("\u{E9}") != JSONValue.string("e\u{301}"))
    }
}
