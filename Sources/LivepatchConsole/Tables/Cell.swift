/// What stands in one place of a table.
public struct Cell: Hashable, Sendable, ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
    public let text: String
    public let style: Style

    /// - Parameter style: how it looks on a terminal with colours.
    public init(_ text: String, _ style: Style = .plain) {
        self.text = text
        self.style = style
    }

    public init(stringLiteral value: String) { self.init(value) }

    /// The text of something that may be missing, `-` if it is.
    public init(_ value: (some CustomStringConvertible)?) {
        self.init(value.map(\.description) ?? "-", value == nil ? .faint : .plain)
    }

    /// The texts of several things with commas between them, `-` if there are none.
    public init(listing values: [some CustomStringConvertible]) {
        self.init(
            values.isEmpty ? "-" : values.map(\.description).joined(separator: ", "), values.isEmpty ? .faint : .plain)
    }
}
