/// What can be printed as the rows of a table, as JSON or YAML, or as names alone.
public protocol Listed: Encodable, Sendable {
    /// The table's columns.
    static var columns: [Column] { get }
    /// A cell for each column.
    func row(_ text: HumanText) -> [Cell]
    /// What identifies the item, and all that `--quiet` prints of it.
    var quietValue: String { get }
}

/// What can be printed with its particulars, one a line.
public protocol Detailed: Encodable, Sendable {
    func details(_ text: HumanText) -> [Detail]
    /// What identifies the item, and all that `--quiet` prints of it.
    var quietValue: String { get }
}

/// One of the particulars of a thing: what it is called, and its value.
public struct Detail: Hashable, Sendable {
    public let label: String
    public let value: Cell

    public init(_ label: String, _ value: Cell) {
        self.label = label
        self.value = value
    }

    /// Labels in one column, values in another.
    static func lines(_ details: [Detail], on terminal: Terminal) -> [String] {
        let width = details.map { TextWidth.of($0.label) }.max() ?? 0
        return details.map { detail in
            let label = detail.label + ":" + String(repeating: " ", count: width - TextWidth.of(detail.label) + 1)
            let value = PrintableText.line(detail.value.text)
            return Style.strong.applied(to: label, on: terminal) + detail.value.style.applied(to: value, on: terminal)
        }
    }
}
