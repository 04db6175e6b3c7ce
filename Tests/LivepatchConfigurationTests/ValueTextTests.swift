import LivepatchConfiguration
import LivepatchKit
import Testing

struct ValueTextTests {
    @Test(arguments: [("0", 0), ("4096", 4096), ("512K", 524_288), ("10M", 10_485_760), ("2GiB", 2_147_483_648), ("1T", 1 << 40)])
    func `sizes are read in powers of 1024`(text: String, bytes: Int64) throws {
        #expect(try ByteSize.parse(text) == bytes)
        #expect(try ByteSize.parse(ByteSize.text(bytes)) == bytes)
    }

    @Test(arguments: ["", "M", "-1", "1.5M", "10MB", "10 M", "9999999999T", "1e3", "٣"])
    func `what is not a size is refused`(text: String) {
        #expect(throws: LivepatchError.self) { try ByteSize.parse(text) }
    }

    @Test(arguments: [":8080", "127.0.0.1:80", "[::1]:8080", "localhost:0", "host-1.example.com:443"])
    func `addresses print as they are read`(text: String) throws {
        #expect(try load(set: "server.server-address=\(text)").server.address.description == text)
    }

    @Test func `trusted roots are fingerprints, from the command line and from a list in a file`() throws {
        let roots = [SHA256Digest(of: [1]), SHA256Digest(of: [2])]
        #expect(try load(set: "patch-sync.trusted-roots=\(roots[0]), \(roots[1])").server.sync.trustedRoots == roots)
        #expect(try load(yaml: "patch-sync:\n  trusted-roots: [\(roots[1])]\n").server.sync.trustedRoots == [roots[1]])
        #expect(try load().server.sync.trustedRoots.isEmpty)
    }
}
