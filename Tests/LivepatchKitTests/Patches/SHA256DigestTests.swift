import LivepatchKit
import Testing

@Suite struct SHA256DigestTests {
    /// FIPS 180-4's examples, as NIST publishes them.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func `digests are those of the standard`(text: String, digest: String) throws {
        #expect(SHA256Digest(of: Array(text.utf8)).description == digest)
        #expect(try SHA256Digest(parsing: digest) == SHA256Digest(of: Array(text.utf8)))
    }

    @Test func `a million bytes in pieces have the digest of the whole`() {
        var hasher = ContentHasher()
        for _ in 0..<1_000 { hasher.update(Array(repeating: UInt8(ascii: "a"), count: 1_000)) }
        #expect(hasher.length == 1_000_000)
        #expect(hasher.finish().description == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    @Test func `asking in between changes nothing`() {
        var hasher = ContentHasher()
        hasher.update(Array("a".utf8))
        _ = hasher.finish()
        hasher.update(Array("bc".utf8))
        #expect(hasher.finish() == SHA256Digest(of: Array("abc".utf8)))
    }

    @Test func `its bytes are its digits`() {
        let digest = SHA256Digest(of: Array("abc".utf8))
        #expect(digest.bytes.count == 32)
        #expect(digest.bytes.prefix(4) == [0xba, 0x78, 0x16, 0xbf])
        #expect(digest.bytes.suffix(2) == [0x15, 0xad])
    }

    @Test(arguments: [
        "", "ba78", String(repeating: "a", count: 63), String(repeating: "a", count: 65), String(repeating: "A", count: 64),
        String(repeating: "g", count: 64), String(repeating: "é", count: 32), " " + String(repeating: "a", count: 63),
    ])
    func `only 64 lower-case digits are read`(_ text: String) {
        expectError(.malformedValue, naming: ["64 lower-case"]) { try SHA256Digest(parsing: text) }
    }
}
