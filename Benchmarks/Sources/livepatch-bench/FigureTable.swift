import Foundation
import LivepatchConsole

/// Figures as a person reads them.
struct FigureTable {
    private let figures: [Figure]

    init(_ figures: [Figure]) { self.figures = figures }

    var lines: [String] {
        Table(
            columns: [
                .whole("MEASURED"), .number("MEDIAN"), .number("SPREAD"), .number("ROUNDS"), .whole("AGAINST"),
                .number("MEDIAN"), .number("RATIO"),
            ],
            rows: figures.map { figure in
                [
                    Cell(figure.name), Cell(Self.text(figure.median, figure.unit)), Cell(Self.percentage(figure.spread)),
                    "\(figure.rounds.count)", Cell(figure.baselineName),
                    Cell(figure.baselineMedian.map { Self.text($0, figure.unit) }),
                    Cell(figure.ratio.map { String(format: "%.2f", $0) }),
                ]
            }
        ).lines(for: .none)
    }

    private static func percentage(_ share: Double) -> String { "±\(Int((share * 50).rounded())) %" }

    private static func text(_ value: Double, _ unit: Figure.Unit) -> String {
        switch unit {
        case .seconds where value < 0.1: String(format: "%.2f ms", value * 1000)
        case .seconds: String(format: "%.2f s", value)
        case .number: String(format: "%.3g", value)
        case .perSecond: String(format: value < 100 ? "%.1f/s" : "%.0f/s", value)
        }
    }
}
