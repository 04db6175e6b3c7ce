import LivepatchKit
import Testing

@Suite struct FlavourTests {
    @Test(arguments: [
        "generic", "aws", "generic-64k", "lowlatency-64k", "cloud-amd64", "64k", "a", String(repeating: "a", count: 64),
    ])
    func `flavours are lower-case words joined by hyphens`(_ text: String) throws {
        #expect(try Flavour(parsing: text).description == text)
    }

    @Test(arguments: [
        "", "-", "-generic", "generic-", "generic--64k", "Generic", "generic_64k", "generic.64k", "générique", "a b", "../a",
        String(repeating: "a", count: 65), "generic\u{301}",
    ])
    func `anything else is refused`(_ text: String) {
        expectError(.malformedValue, naming: ["'\(text)'"]) { try Flavour(parsing: text) }
    }
}

@Suite struct ArchitectureTests {
    @Test(arguments: ["amd64", "arm64", "s390x", "ppc64el", "riscv64", "armhf", "i386"])
    func `architectures are Debian's names, unknown ones among them`(_ text: String) throws {
        #expect(try Architecture(parsing: text).description == text)
    }

    @Test(arguments: ["", "AMD64", "x86_64", "x86-64", "amd64 ", "any all", String(repeating: "a", count: 33)])
    func `anything else is refused`(_ text: String) {
        expectError(.malformedValue, naming: ["'\(text)'"]) { try Architecture(parsing: text) }
    }

    @Test func `the known ones are their names`() throws {
        for known in [Architecture.amd64, .arm64, .s390x, .ppc64el] {
            #expect(try Architecture(parsing: known.rawValue) == known)
        }
    }
}
