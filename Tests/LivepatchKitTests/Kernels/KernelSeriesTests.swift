import LivepatchKit
import Testing

@Suite struct KernelSeriesTests {
    @Test(arguments: [
        ("5.4.0", "5.4.0-1.1", true), ("5.4.0", "5.3.99-1.1", false), ("5.4.0", "5.15.0-1.1", true), ("5.4", "5.4.0-1.1", true),
        ("5.4.0", "5.4-1.1", true), ("5.4.1", "5.4-1.1", false), ("5.15", "5.4.0-1.1", false), ("5.15", "5.15.0-107.117", true),
        ("6", "5.15.0-1.1", false), ("6", "6.0-1.1", true), ("0", "0.1-1.1", true), ("5.4.0.0.1", "5.4.0-1.1", false),
    ])
    func `a bound admits that kernel and later ones, missing parts being zero`(bound: String, kernel: String, admitted: Bool)
        throws
    {
        #expect(try KernelSeries(parsing: bound).admits(KernelVersion(parsing: kernel)) == admitted)
    }

    @Test(arguments: ["5", "5.4", "5.4.0", "1.2.3.4.5.6"])
    func `what is read is printed the same`(_ text: String) throws {
        #expect(try KernelSeries(parsing: text).description == text)
    }

    @Test(arguments: ["", ".", "5.", ".4", "5.4-1", "05", "5.x", "1.2.3.4.5.6.7", "-5", "5 "])
    func `anything else is refused`(_ text: String) {
        expectError(.malformedValue, naming: ["'\(text)'"]) { try KernelSeries(parsing: text) }
    }
}
