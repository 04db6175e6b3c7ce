/// Rows under a header, in columns as wide as their widest cell; on a terminal as wide as the terminal at most.
public struct Table: Sendable {
    public let columns: [Column]
    public let rows: [[Cell]]

    private static let gap = "  "
    /// No column is made narrower than this.
    private static let narrowest = 8

    /// - Parameter rows: as many cells each as there are columns; missing ones are empty.
    public init(columns: [Column], rows: [[Cell]]) {
        self.columns = columns
        self.rows = rows.map { row in
            columns.indices.map { index in
                guard index < row.count else { return "" }
                return Cell(PrintableText.line(row[index].text), row[index].style)
            }
        }
    }

    /// The table's lines, without spaces at their ends. Nothing is cut short where `terminal` is none.
    public func lines(for terminal: Terminal) -> [String] {
        let widths = widths(within: terminal.width)
        let header = columns.map { Cell($0.title, .strong) }
        return ([header] + rows).map { line($0, widths, terminal) }
    }

    private func line(_ cells: [Cell], _ widths: [Int], _ terminal: Terminal) -> String {
        var line = ""
        for (index, cell) in cells.enumerated() {
            let text = TextWidth.cut(cell.text, to: widths[index])
            let space = String(repeating: " ", count: widths[index] - TextWidth.of(text))
            let shown = cell.style.applied(to: text, on: terminal)
            let last = index == cells.count - 1
            switch columns[index].alignment {
            case .left: line += last ? shown : shown + space + Self.gap
            case .right: line += space + shown + (last ? "" : Self.gap)
            }
        }
        while line.last == " " { line.removeLast() }
        return line
    }

    /// Takes what is too much from the widest of the columns that may shrink.
    private func widths(within limit: Int?) -> [Int] {
        var widths = columns.indices.map { index in
            max(TextWidth.of(columns[index].title), rows.map { TextWidth.of($0[index].text) }.max() ?? 0)
        }
        guard let limit else { return widths }
        var excess = widths.reduce(0, +) + Self.gap.count * (columns.count - 1) - limit
        let least = columns.map { max(Self.narrowest, TextWidth.of($0.title)) }
        while excess > 0 {
            let candidates = columns.indices.filter { columns[$0].shrinks && widths[$0] > least[$0] }
            guard let widest = candidates.max(by: { widths[$0] < widths[$1] }) else { break }
            widths[widest] -= 1
            excess -= 1
        }
        return widths
    }
}
