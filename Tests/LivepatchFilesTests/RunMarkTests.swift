import Foundation
import LivepatchFiles
import Testing

@Suite("The mark of a server that runs") struct RunMarkTests {
    @Test func `is found by the next one only if the last did not end by itself`() throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "run-mark-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let mark = RunMark(in: directory)
        #expect(try mark.begin("the first") == nil)
        #expect(try mark.begin("the second") == "the first")
        mark.end()
        #expect(try mark.begin("the third") == nil)
        mark.end()
        mark.end()
    }
}
