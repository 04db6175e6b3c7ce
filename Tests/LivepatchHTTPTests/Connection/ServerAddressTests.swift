import LivepatchKit
import Testing

@testable import LivepatchHTTP

@Suite struct `A server's address` {
    @Test(arguments: [
        ("http://localhost:8080", "http://localhost:8080"), ("HTTPS://Patches.Example.com/", "https://patches.example.com"),
        ("https://example.com:443/livepatch//", "https://example.com/livepatch"), ("http://example.com:80", "http://example.com"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
    ]) func `is read and printed without what says nothing`(_ text: String, _ printed: String) throws {
        #expect(try ServerAddress(parsing: text).description == printed)
    }

    @Test(arguments: [
        "", "localhost", "localhost:8080", "ftp://example.com", "http://", "http:///path", "http://example.com?x=1",
        "http://example.com/#x", "http://example.com:99999", "http://user:secret@example.com", "http://exa mple.com",
    ]) func `is refused without repeating a password`(_ text: String) async {
        let error = await expectError(.malformedValue) { _ = try ServerAddress(parsing: text) }
        #expect(error?.message.contains("secret") == false)
    }

    @Test func `encodes what is put into a query`() throws {
        let url = try ServerAddress(parsing: "http://a/b").url("/c", query: [("x", "1+1 & more"), ("y", "ü")])
        #expect(url == "http://a/b/c?x=1%2B1%20%26%20more&y=%C3%BC")
    }
}
