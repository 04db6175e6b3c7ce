import ArgumentParser
import Foundation
import LivepatchConsole
import LivepatchKit

/// Shows how a run differs from what is kept as the baseline.
struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Show the change of a run against a baseline. Only what says the same on every machine is compared.")

    @Argument(help: ArgumentHelp("What --json wrote.", valueName: "results"), completion: .file())
    var results: String

    @Option(help: ArgumentHelp("What 'baseline' wrote.", valueName: "file"), completion: .file())
    var baseline: String

    func run() throws {
        let figures = try FigureFile(path: results).read()
        let baseline = try DocumentCoding.decode(
            [BaselineFigure].self, from: Array(Data(contentsOf: URL(filePath: baseline))))
        let before = Dictionary(baseline.map { ($0.name, $0.value) }) { first, _ in first }
        let rows = figures.compactMap { figure -> [Cell]? in
            guard let now = figure.comparable else { return nil }
            let known = before[figure.name]
            return [
                Cell(figure.name), Cell(figure.baselineName), Cell(known.map { String(format: "%.3g", $0) }),
                Cell(String(format: "%.3g", now)),
                Cell(known.flatMap { $0 > 0 ? String(format: "%+.0f %%", (now / $0 - 1) * 100) : nil }),
            ]
        }
        print(
            Table(
                columns: [
                    .whole("MEASURED"), .whole("AGAINST"), .number("BASELINE"), .number("NOW"), .number("CHANGE"),
                ], rows: rows
            ).lines(for: .none).joined(separator: "\n"))
        let missing = Set(before.keys).subtracting(figures.map(\.name)).sorted()
        if !missing.isEmpty { print("\nNot measured in this run: \(missing.joined(separator: "; ")).") }
    }
}

/// Makes a baseline of a run.
struct BaselineCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "baseline", abstract: "Print what 'compare' compares with, made of a run: ratios and counts, no times.")

    @Argument(help: ArgumentHelp("What --json wrote.", valueName: "results"), completion: .file())
    var results: String

    func run() throws {
        let figures = try FigureFile(path: results).read().compactMap { figure in
            figure.comparable.map { BaselineFigure(name: figure.name, value: ($0 * 1000).rounded() / 1000) }
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        print(String(decoding: try encoder.encode(figures), as: UTF8.self))
    }
}

/// A line of a baseline.
private struct BaselineFigure: Codable {
    let name: String
    /// ``Figure/comparable``
    let value: Double
}
