import Foundation
import LivepatchKit
import LivepatchTesting
import Testing

/// Whether the order of kernel versions is that of Debian's own tool.
@Suite struct DebianOrderTests {
    private static let dpkg = "/usr/bin/dpkg"
    private static let isHere = FileManager.default.isExecutableFile(atPath: dpkg)

    /// Uploads from few characters, so that close calls are common.
    private static func version(_ random: inout SeededGenerator) throws -> KernelVersion {
        let upstream = ["5.15.0", "5.15", "5.15.1"].randomElement(using: &random) ?? ""
        let abi = ["1", "9", "10"].randomElement(using: &random) ?? ""
        let rest = (0..<Int.random(in: 0...6, using: &random)).map { _ in
            ["0", "1", "2", "10", ".", "+", "~", "a", "b", "Z"].randomElement(using: &random) ?? ""
        }
        return try KernelVersion(parsing: "\(upstream)-\(abi).\(Int.random(in: 0...2, using: &random))\(rest.joined())")
    }

    @Test(.enabled(if: isHere, "Debian's dpkg is not on this system"))
    func `a few hundred generated versions are ordered as dpkg orders them`() throws {
        var random = SeededGenerator(seed: 17)
        let pairs = try (0..<400).map { _ in (try Self.version(&random), try Self.version(&random)) }
        // One shell for all of them: a line of lt, eq or gt each.
        let script = pairs.map { left, right in
            """
            if \(Self.dpkg) --compare-versions '\(left)' lt '\(right)'; then echo lt
            elif \(Self.dpkg) --compare-versions '\(left)' gt '\(right)'; then echo gt
            else echo eq; fi
            """
        }.joined(separator: "\n")
        let shell = Process()
        shell.executableURL = URL(fileURLWithPath: "/bin/sh")
        let input = Pipe()
        let output = Pipe()
        shell.standardInput = input
        shell.standardOutput = output
        try shell.run()
        // The answers are short enough to wait in the pipe while the questions are written.
        try input.fileHandleForWriting.write(contentsOf: Data(script.utf8))
        try input.fileHandleForWriting.close()
        let answers = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
            .split(separator: "\n")
        shell.waitUntilExit()
        try #require(answers.count == pairs.count)
        for ((left, right), answer) in zip(pairs, answers) {
            switch answer {
            case "lt": #expect(left < right, "\(left) lt \(right)")
            case "gt": #expect(right < left, "\(left) gt \(right)")
            default: #expect(left == right || (left < right) != (right < left), "\(left) eq \(right)")
            }
        }
        #expect(Set(answers).isSuperset(of: ["lt", "gt"]))
    }

    @Test func `the order is strict and transitive over generated versions`() throws {
        var random = SeededGenerator(seed: 4)
        let versions = Array(Set(try (0..<120).map { _ in try Self.version(&random) })).sorted()
        for (i, left) in versions.enumerated() {
            for (j, right) in versions.enumerated() where (left < right) != (i < j) {
                Issue.record("\(left) and \(right) are not in one order with the others")
            }
        }
    }
}
