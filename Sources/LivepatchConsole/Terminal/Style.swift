/// How text looks on a terminal with colours (ECMA-48, Select Graphic Rendition).
public enum Style: String, Sendable, CaseIterable {
    case plain = ""
    case strong = "1"
    case faint = "2"
    case good = "32"
    case warning = "33"
    case bad = "31"

    /// The text in this style; the text alone where there are no colours.
    public func applied(to text: String, on terminal: Terminal) -> String {
        guard terminal.colours, self != .plain, !text.isEmpty else { return text }
        return "\u{1B}[\(rawValue)m\(text)\u{1B}[0m"
    }
}
