import TUF
import Testing

@Suite struct `Canonical JSON` {
    @Test(
        arguments: [
            (#"{}"#, #"{}"#), (#"[]"#, #"[]"#), (#"[1, 2, 3]"#, #"[1,2,3]"#), (#"{"A": [99]}"#, #"{"A":[99]}"#),
            (#"{"y": 2, "x": 3}"#, #"{"x":3,"y":2}"#), (#" [ true , false , null ] "#, #"[true,false,null]"#),
            (#""\u0061\/""#, #""a/""#), (#""\\ \"""#, #""\\ \"""#), (#""\u20ac""#, "\"€\""), (#"-0"#, "0"), (#"-17"#, "-17"),
            (#"123456789012345678901234567890"#, "123456789012345678901234567890"), (#""a\nb\tc""#, "\"a\nb\tc\""),
            (#"{"a": {"z": [], "": 0}, "B": "𝄞"}"#, "{\"B\":\"𝄞\",\"a\":{\"\":0,\"z\":[]}}"),
        ])
    func `has one form for each value`(_ json: String, _ canonical: String) throws {
        let value = try JSONDocument.parse(Array(json.utf8))
        #expect(try CanonicalJSON.encode(value) == Array(canonical.utf8))
    }

    @Test func `orders names by their bytes, not by how they look`() throws {
        // U+FF61 is EF BD A1 and U+1D11E is F0 9D 84 9E; in UTF-16 the order would be the other one.
        let value = try JSONDocument.parse(Array(#"{"𝄞":1,"｡":2,"\u00e9":3,"e\u0301":4,"z":5,"Z":6}"#.utf8))
        #expect(
            try CanonicalJSON.encode(value) == Array("{\"Z\":6,\"e\u{301}\":4,\"z\":5,\"\u{E9}\":3,\"｡\":2,\"𝄞\":1}".utf8))
    }

    @Test(arguments: ["1.5", "1e3", "-0.0", "[1.0]", #"{"a":{"b":2E-1}}"#])
    func `has no form for numbers that are not whole`(_ json: String) async throws {
        let value = try JSONDocument.parse(Array(json.utf8))
        await expectRefusal(.malformed) { _ = try CanonicalJSON.encode(value) }
    }
}
