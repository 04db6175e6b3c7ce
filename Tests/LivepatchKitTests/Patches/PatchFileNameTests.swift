import LivepatchKit
import LivepatchTesting
import Testing

@Suite struct PatchFileNameTests {
    @Test func `a name says kernel, flavour, patch version and architecture`() throws {
        let name = try PatchFileName(parsing: "livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2")
        #expect(name.kernel == "5.15.0-107.117")
        #expect(name.flavour == "generic")
        #expect(name.version == "107.1")
        #expect(name.architecture == .amd64)
        #expect(name.unameRelease == "5.15.0-107-generic")
    }

    @Test(arguments: [
        ("livepatch-5.15.0-41.41~22.04.1-generic-64k-88.2-arm64.tar.bz2", "generic-64k"),
        ("livepatch-6.1.0-56.192.2-cloud-amd64-1.1-amd64.tar.bz2", "cloud-amd64"),
        ("livepatch-5.4.0-1027.31+fips1-aws-fips-101.1-amd64.tar.bz2", "aws-fips"),
        ("livepatch-5.4.0-1.1-64k-1.1-arm64.tar.bz2", "64k"),
        ("livepatch-5.4.0-1.1-a-1-b-2-1.1-arm64.tar.bz2", "a-1-b-2"),
    ])
    func `flavours may have hyphens and digits`(text: String, flavour: String) throws {
        let name = try PatchFileName(parsing: text)
        #expect(name.flavour.description == flavour)
        #expect(name.description == text)
    }

    @Test(arguments: [
        ("", "begin"), ("livepatch-", "end"), ("livepatch-.tar.bz2", "nothing"), ("livepatch.tar.bz2", "begin"),
        ("livepatch-5.15.0-107.117-generic-107.1-amd64.tar.gz", "end"),
        ("livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2.tar.bz2", "'amd64.tar.bz2'"),
        ("livepatch-5.15.0-107.117-107.1-amd64.tar.bz2", "too few"),
        ("livepatch-5.15.0-107-generic-107.1-amd64.tar.bz2", "'5.15.0-107' is not a kernel version"),
        ("livepatch-5.15.0-107.117-Generic-107.1-amd64.tar.bz2", "'Generic' is not a flavour"),
        ("livepatch-5.15.0-107.117--107.1-amd64.tar.bz2", "'' is not a flavour"),
        ("livepatch-5.15.0-107.117-generic-107-amd64.tar.bz2", "'107' is not a patch version"),
        ("livepatch-5.15.0-107.117-generic-107.1-AMD64.tar.bz2", "'AMD64' is not an architecture"),
        ("livepatch-5.15.0-107.117-../x-107.1-amd64.tar.bz2", "'../x' is not a flavour"),
        ("/livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2", "begin"),
        ("Livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2", "begin"),
        ("livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2\n", "end"),
        ("livepatch-\u{301}5.15.0-107.117-generic-107.1-amd64.tar.bz2", "begin"),
    ])
    func `a refusal says which part is wrong`(text: String, reason: String) {
        expectError(.patchNameInvalid, naming: [reason, "livepatch-5.15.0-107.117-generic-107.1-amd64.tar.bz2"]) {
            try PatchFileName(parsing: text)
        }
    }

    @Test func `names are ordered by patch version, kernel, flavour and architecture`() {
        let ordered: [PatchFileName] = [
            "livepatch-5.15.0-9.1-generic-9.1-amd64.tar.bz2", "livepatch-5.4.0-9.1-aws-107.1-amd64.tar.bz2",
            "livepatch-5.4.0-9.1-generic-107.1-amd64.tar.bz2", "livepatch-5.4.0-9.1-generic-107.1-arm64.tar.bz2",
            "livepatch-5.4.0-10.1-aws-107.1-amd64.tar.bz2", "livepatch-5.15.0-9.1-aws-107.1-amd64.tar.bz2",
        ]
        #expect(ordered.reversed().sorted() == ordered)
    }

    @Test func `the longest name still is a file's name on every file system`() throws {
        let kernel =
            Array(repeating: "999999999", count: 6).joined(separator: ".") + "-999999999." + String(repeating: "1", count: 48)
        let name = PatchFileName(
            kernel: try KernelVersion(parsing: kernel), flavour: try Flavour(parsing: String(repeating: "f", count: 64)),
            version: "999999999.999999999", architecture: try Architecture(parsing: String(repeating: "a", count: 32)))
        #expect(name.description.utf8.count <= 255)
        #expect(try PatchFileName(parsing: name.description) == name)
    }

    // MARK: Properties

    private static func name(_ random: inout SeededGenerator) throws -> PatchFileName {
        func number(_ random: inout SeededGenerator) -> String {
            String(Int.random(in: 0...(Bool.random(using: &random) ? 9 : 999_999_999), using: &random))
        }
        func word(_ letters: String, _ lengths: ClosedRange<Int>, _ random: inout SeededGenerator) -> String {
            String((0..<Int.random(in: lengths, using: &random)).map { _ in letters.randomElement(using: &random) ?? "a" })
        }
        let lower = "abcdefghijklmnopqrstuvwxyz0123456789"
        let upstream = (0..<Int.random(in: 1...6, using: &random)).map { _ in number(&random) }.joined(separator: ".")
        let upload = number(&random) + word("0123456789.+~azAZ", 0...20, &random)
        let flavour = (0..<Int.random(in: 1...4, using: &random)).map { _ in word(lower, 1...6, &random) }.joined(separator: "-")
        return PatchFileName(
            kernel: try KernelVersion(parsing: "\(upstream)-\(number(&random)).\(upload)"),
            flavour: try Flavour(parsing: flavour),
            version: try PatchVersion(parsing: "\(number(&random)).\(number(&random))"),
            architecture: try Architecture(parsing: word(lower, 1...8, &random)))
    }

    @Test func `every name reads back as itself`() throws {
        var random = SeededGenerator(seed: 1)
        for _ in 0..<2_000 {
            let name = try Self.name(&random)
            #expect(try PatchFileName(parsing: name.description) == name)
        }
    }

    @Test func `every text that is accepted prints itself exactly, whatever was done to it`() throws {
        var random = SeededGenerator(seed: 2)
        var accepted = 0
        for _ in 0..<20_000 {
            var text = Array(try Self.name(&random).description.unicodeScalars)
            for _ in 0...Int.random(in: 0...2, using: &random) {
                let place = Int.random(in: 0..<text.count, using: &random)
                switch Int.random(in: 0...3, using: &random) {
                case 0: text.remove(at: place)
                case 1:
                    text.insert(
                        "-.0~+aA/ \u{301}\u{200d}\u{212a}٣\u{0}\n".unicodeScalars.randomElement(using: &random) ?? "-", at: place)
                case 2: text.swapAt(place, Int.random(in: 0..<text.count, using: &random))
                default: text[place] = "-.0123abzZ~".unicodeScalars.randomElement(using: &random) ?? "-"
                }
            }
            let mutated = String(String.UnicodeScalarView(text))
            guard let name = try? PatchFileName(parsing: mutated) else { continue }
            accepted += 1
            #expect(Array(name.description.utf8) == Array(mutated.utf8))
        }
        #expect(accepted > 1_000, "mutations that leave a name a name should be common")
    }
}
