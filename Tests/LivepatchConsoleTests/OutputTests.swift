import ConsoleRecording
import FoundationEssentials

import LivepatchKit
import Testing
import Yams

@testable import LivepatchConsole

private struct Sample: Listed, Detailed, Hashable, Codable {
    let name: String
    let bytes: Int64
    let at: Date
    var cves: [String] = []
    var kind: Kind = .plain
    var reach: [PatchVersion: TierName] = [:]

    enum Kind: Hashable, Codable { case plain, put(tier: String) }

    static let columns: [Column] = [.whole("NAME"), .number("SIZE"), .text("WHEN")]
    func row(_ text: HumanText) -> [Cell] { [Cell(name), Cell(text.size(bytes)), Cell(text.time(at))] }
    func details(_ text: HumanText) -> [Detail] { [Detail("Name", Cell(name)), Detail("Size", Cell(text.size(bytes)))] }
    var quietValue: String { name }
}

@Suite struct OutputTests {
    private let samples = [
        Sample(name: "107.1", bytes: 1536, at: RecordedConsole.now - 200),
        Sample(
            name: "no: \"yes\"\n\u{1B}# é", bytes: 9_007_199_254_740_993, at: RecordedConsole.now,
            cves: ["CVE-2024-1086"], kind: .put(tier: "edge"), reach: [PatchVersion(107, 1): TierState.defaultTiers[0]]),
        Sample(name: "", bytes: 0, at: RecordedConsole.now),
        Sample(name: "~", bytes: -1, at: RecordedConsole.now),
        Sample(name: "2024-06-01T12:00:00Z", bytes: -1, at: RecordedConsole.now),
    ]

    private func shown(_ format: OutputFormat, quiet: Bool = false) throws -> RecordedConsole {
        let recorded = RecordedConsole()
        try OutputOptions(format: format, quiet: quiet).show(samples, empty: "None.", on: recorded.console)
        return recorded
    }

    @Test func `Tables have readable sizes and relative times`() throws {
        #expect(try shown(.table).output.lines[1] == "107.1                 1.5 KiB  3 min ago")
    }

    @Test func `JSON has exact values and reads back as what was shown`() throws {
        let text = try shown(.json).output.text
        #expect(text.contains("\"bytes\": 9007199254740993"))
        #expect(!text.contains("\u{1B}"))
        #expect(try DocumentCoding.decode([Sample].self, from: Array(text.utf8)) == samples)
    }

    @Test func `YAML has the same members and values as JSON`() throws {
        let json = try shown(.json).output.text
        let yaml = try shown(.yaml).output.text
        // JSON is YAML: one parser reads both.
        #expect(try Yams.compose(yaml: yaml)?.plain == Yams.compose(yaml: json)?.plain)
        #expect(yaml.hasPrefix("- at: '2024-06-01T11:56:40Z'\n  bytes: 1536\n"))
    }

    @Test func `Quiet prints the names alone, a line each`() throws {
        #expect(try shown(.table, quiet: true).output.text.hasPrefix("107.1\nno: \"yes\" \u{FFFD}# é\n"))
    }

    @Test(arguments: OutputFormat.allCases) func `A list without items is an empty document, or a sentence beside the output`(
        format: OutputFormat
    ) throws {
        let recorded = RecordedConsole()
        try OutputOptions(format: format).show([Sample](), empty: "There are none.", on: recorded.console)
        #expect(recorded.output.text == (format == .table ? "" : "[]\n"))
        #expect(recorded.errorOutput.text == (format == .table ? "There are none.\n" : ""))
    }

    @Test func `Particulars stand in two columns`() throws {
        let recorded = RecordedConsole()
        try OutputOptions(format: .table).show(samples[0], on: recorded.console)
        #expect(recorded.output.text == "Name: 107.1\nSize: 1.5 KiB\n")
    }

    @Test func `Quiet and a document format exclude each other`() {
        #expect(throws: (any Error).self) { try OutputOptions(format: .json, quiet: true).validate() }
    }

    @Test(
        arguments: [
            ([:], true), (["NO_COLOR": ""], true), (["NO_COLOR": "1"], false), (["TERM": "dumb"], false),
            (["TERM": "xterm"], true),
        ] as [([String: String], Bool)])
    func `Colours obey NO_COLOR and TERM`(environment: [String: String], wanted: Bool) {
        #expect(Terminal.wantsColours(environment) == wanted)
    }

    @Test func `Only a terminal has colours`() {
        #expect(Style.bad.applied(to: "x", on: Terminal(width: nil, colours: true)) == "x")
        #expect(Style.bad.applied(to: "x", on: Terminal(width: 80, colours: true)) == "\u{1B}[31mx\u{1B}[0m")
    }
}

extension Node {
    /// The node without styles and marks, numbers and times as their text.
    fileprivate var plain: String {
        switch self {
        case .scalar(let scalar): "\(scalar.string.debugDescription)"
        case .sequence(let nodes): "[\(nodes.map(\.plain).joined(separator: ","))]"
        case .mapping(let pairs): "{\(pairs.map { "\($0.key.plain):\($0.value.plain)" }.joined(separator: ","))}"
        case .alias: "*"
        }
    }
}
