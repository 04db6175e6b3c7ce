import LivepatchKit
import Testing

@Suite struct KernelVersionTests {
    @Test(arguments: [
        "5.15.0-107.117", "5.15.0-41.41~22.04.1", "5.4.0-1027.31+fips1", "6.1.0-56.192.2", "3.13.0-1.0", "6-1.1",
        "1.2.3.4.5.6-0.0", "999999999.0-999999999.1", "5.15.0-1.0001",
    ])
    func `what is read is printed the same`(_ text: String) throws {
        #expect(try KernelVersion(parsing: text).description == text)
    }

    @Test func `the parts are upstream, ABI and upload`() throws {
        let ubuntu = try KernelVersion(parsing: "5.15.0-1027.31+fips1")
        #expect(ubuntu.upstream == [5, 15, 0])
        #expect(ubuntu.upstreamText == "5.15.0")
        #expect(ubuntu.abi == 1027)
        #expect(ubuntu.upload == "31+fips1")
        let debian = try KernelVersion(parsing: "6.1.0-56.192.2")
        #expect(debian.abi == 56)
        #expect(debian.upload == "192.2")
    }

    @Test(arguments: [
        "", "5.15.0", "5.15.0-107", "5.15.0-107.", "5.15.0-.117", "-107.117", "5.15.0-107.117-generic", "5..0-107.117",
        "05.15.0-107.117", "5.15.0-0107.117", "5.15.0-107.a1", "5.15.0-107.~1", "5.15.0-107.117 ", " 5.15.0-107.117",
        "5.15.0-107.11\u{301}7", "5.15.0-107.117/..", "5.15.0-107.117_1", "5.1٥.0-107.117", "1.2.3.4.5.6.7-1.1",
        "1000000000.0-1.1", "5.15.0-1000000000.1", "v5.15.0-1.1", "5.15.0--1.1", "5.-15.0-1.1",
        "5.15.0-1.1\u{0}", "5.15.0-1." + String(repeating: "1", count: 49),
    ])
    func `anything else is refused`(_ text: String) {
        expectError(.malformedValue, naming: ["'\(text)'", "5.15.0-107.117"]) { try KernelVersion(parsing: text) }
    }

    @Test(arguments: [
        ["4.15.0-213.224", "5.4.0-9.1", "5.4.0-10.1", "5.15.0-1.1", "6.1.0-1.1", "6.10.0-1.1"],
        ["5.15.0-41.41~22.04.1", "5.15.0-41.41", "5.15.0-41.41+fips1", "5.15.0-41.41.1", "5.15.0-41.42", "5.15.0-101.1"],
        ["5.15-1.1", "5.15.0-1.1", "5.15.1-1.1"],
        ["6.1.0-56.192.2", "6.1.0-56.192.10", "6.1.0-56.1000.1"],
    ])
    func `versions are ordered by number, and their uploads as Debian orders them`(_ texts: [String]) throws {
        let versions = try texts.map(KernelVersion.init(parsing:))
        for (i, left) in versions.enumerated() {
            for (j, right) in versions.enumerated() {
                #expect((left < right) == (i < j), "\(left) and \(right)")
            }
        }
    }

    @Test func `of two different versions exactly one comes first, even if Debian takes them for the same`() throws {
        let left: KernelVersion = "5.15.0-1.01"
        let right: KernelVersion = "5.15.0-1.1"
        #expect(left != right)
        #expect((left < right) != (right < left))
    }

    @Test func `its uname release is upstream, ABI and flavour`() throws {
        #expect(try KernelVersion(parsing: "5.15.0-107.117").unameRelease("generic") == "5.15.0-107-generic")
        #expect(try KernelVersion(parsing: "6.1.0-56.192.2").unameRelease("cloud-amd64") == "6.1.0-56-cloud-amd64")
        #expect(try KernelVersion(parsing: "5.15.0-41.41~22.04.1").unameRelease("generic-64k") == "5.15.0-41-generic-64k")
    }
}
