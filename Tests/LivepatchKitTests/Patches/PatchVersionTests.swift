import LivepatchKit
import Testing

@Suite struct PatchVersionTests {
    @Test func `versions are ordered by number and not by text`() {
        let ordered: [PatchVersion] = ["9.1", "9.2", "9.10", "10.1", "99.9", "100.1", "107.1", "107.2", "113.1"]
        #expect(ordered.shuffled().sorted() == ordered)
    }

    @Test(arguments: ["107.1", "0.0", "1.10", "999999999.999999999"])
    func `what is read is printed the same`(_ text: String) throws {
        #expect(try PatchVersion(parsing: text).description == text)
    }

    @Test(arguments: [
        "", "107", "107.", ".1", "107.1.1", "0107.1", "107.01", "-1.1", "107.-1", "1e3.1", "107,1", "1000000000.1", "٣.1",
    ])
    func `anything else is refused`(_ text: String) {
        expectError(.malformedValue, naming: ["'\(text)'", "107.1"]) { try PatchVersion(parsing: text) }
    }

    @Test func `the largest and the smallest numbers are versions`() throws {
        #expect(PatchVersion(0, 0).description == "0.0")
        #expect(PatchVersion(999_999_999, 999_999_999).description == "999999999.999999999")
    }

    @Test(arguments: [[-1, 1], [107, -1], [1_000_000_000, 1], [107, 1_000_000_000]])
    func `numbers that cannot be printed and read again are a programmer's mistake`(_ numbers: [Int]) async {
        await #expect(processExitsWith: .failure) { [numbers] in _ = PatchVersion(numbers[0], numbers[1]) }
    }
}
