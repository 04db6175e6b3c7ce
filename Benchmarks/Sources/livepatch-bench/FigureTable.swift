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
                .number("MEDIAN"), .number("RATIO"), .whole("TARGET"),
            ],
            rows: figures.map { figure in
                [
                    Cell(figure.name), Cell(Self.text(figure.median, figure.unit)), Cell(Self.percentage(figure.spread)),
                    "\(figure.rounds.count)", Cell(figure.baselineName),
                    Cell(figure.baselineMedian.map { Self.text($0, figure.unit) }),
                    Cell(figure.ratio.map { String(format: "%.2f", $0) }), Cell(Self.target(figure)),
                ]
            }
        ).lines(for: .none)
    }

    /// `≤ 1.00 s`, and whether that is so.
    private static func target(_ figure: Figure) -> String? {
        guard let target = figure.target, let isMet = figure.isTargetMet else { return nil }
        let text = { (value: Double) in
            figure.ratio == nil ? Self.text(value, figure.unit) : String(format: "%.2f", value)
        }
        let bounds = [target.least.map { "≥ \(text($0))" }, target.most.map { "≤ \(text($0))" }].compactMap { $0 }
        return "\(bounds.joined(separator: ", ")) \(isMet ? "met" : "MISSED")"
    }

    private static func percentage(_ share: Double) -> String { "±\(Int((share * 50).rounded())) %" }

    private static func text(_ value: Double, _ unit: Figure.Unit) -> String {
        switch unit {
        case .seconds where value < 0.1: String(format: "%.2f ms", value * 1000)
        case .seconds: String(format: "%.2f s", value)
        case .number: String(format: value < 1000 ? "%.3g" : "%.0f", value)
        case .perSecond: String(format: value < 100 ? "%.1f/s" : "%.0f/s", value)
        }
    }
}
