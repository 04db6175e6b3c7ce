import LivepatchAPI
import LivepatchKit
import Testing

/// The administrator's manual tells of every error what to do.
struct ErrorReferenceTests {
    @Test func `the manual has a row for every error code, with its exit status, and for no other`() throws {
        let manual = try Document.named("Documentation/administration.md")
        let rows = manual.prose.matches(of: /(?m)^\| `([a-z-]+)` \| ([0-9]+) \|/)
        let documented = Dictionary(rows.map { (String($0.1), Int32($0.2)) }) { first, _ in first }
        for code in LivepatchError.Code.allCases {
            #expect(documented[code.rawValue] == ErrorDisposition(of: code).exit.rawValue, "\(code)")
        }
        let known = Set(LivepatchError.Code.allCases.map(\.rawValue))
        #expect(documented.keys.filter { !known.contains($0) }.sorted() == [])
    }

    @Test func `the manual has a row for every exit status`() throws {
        let manual = try Document.named("Documentation/administration.md")
        for status in ExitStatus.allCases {
            #expect(manual.prose.contains("\n| \(status.rawValue) |"), "\(status)")
        }
    }
}
