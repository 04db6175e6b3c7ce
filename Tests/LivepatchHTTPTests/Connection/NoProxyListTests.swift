import LivepatchKit
import Testing

@testable import LivepatchHTTP

@Suite struct `Exceptions from the proxy` {
    @Test(arguments: [
        ("example.com", "http://example.com", true), ("example.com", "http://a.b.example.com", true),
        ("example.com", "http://badexample.com", false), ("example.com", "http://EXAMPLE.com", true),
        ("Example.COM", "http://example.com", true), (".example.com", "http://a.example.com", true),
        (".example.com", "http://example.com", false), ("*.example.com", "http://a.example.com", true),
        ("*.example.com", "http://example.com", false), ("example.com:8080", "http://example.com:8080", true),
        ("example.com:8080", "http://example.com", false), ("example.com:443", "https://example.com", true),
        ("10.0.0.0/8", "http://10.200.3.4:8080", true), ("10.0.0.0/8", "http://11.0.0.1", false),
        ("10.0.0.0/8", "http://10.example.com", false), ("192.168.1.128/25", "http://192.168.1.127", false),
        ("192.168.1.128/25", "http://192.168.1.129", true), ("192.0.2.7", "http://192.0.2.7", true),
        ("192.0.2.7", "http://192.0.2.77", false), ("192.0.2.7:81", "http://192.0.2.7:81", true),
        ("192.0.2.7:81", "http://192.0.2.7", false), ("0.0.0.0/0", "http://1.2.3.4", true),
        ("0.0.0.0/0", "http://[::1]", false), ("fd00::/8", "http://[fd12::1]", true), ("fd00::/8", "http://[fe80::1]", false),
        ("::1", "http://[::1]:8080", true), ("[::1]:8080", "http://[::1]:8080", true), ("[::1]:8080", "http://[::1]", false),
        ("*", "https://anything.example", true), ("", "http://example.com", false), (" example.com ", "http://example.com", true),
    ]) func `cover what they say`(_ entry: String, _ url: String, _ covered: Bool) throws {
        let address = try ServerAddress(parsing: url)
        #expect(NoProxyList(["other.example.org", entry]).covers(address.origin) == covered)
    }

    @Test(arguments: ["10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "10.0.0/8", "fd00::/129", "", "/8", "example.com"])
    func `what is not an address is no network`(_ text: String) {
        #expect(AddressBlock(text) == nil)
    }
}
