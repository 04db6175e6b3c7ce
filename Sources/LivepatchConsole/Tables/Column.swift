/// A table's column.
public struct Column: Hashable, Sendable {
    /// On which side the cells are flush.
    public enum Alignment: Sendable {
        case left, right
    }

    public let title: String
    public let alignment: Alignment
    /// Whether its cells may be cut short so that the table fits the terminal.
    public let shrinks: Bool

    private init(_ title: String, _ alignment: Alignment, shrinks: Bool) {
        self.title = title
        self.alignment = alignment
        self.shrinks = shrinks
    }

    /// Text that is always shown whole, such as a name that the reader will copy.
    public static func whole(_ title: String) -> Column { Column(title, .left, shrinks: false) }
    /// Text that may be cut short.
    public static func text(_ title: String) -> Column { Column(title, .left, shrinks: true) }
    /// A number.
    public static func number(_ title: String) -> Column { Column(title, .right, shrinks: false) }
}
