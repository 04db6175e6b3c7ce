/// Text from elsewhere, made safe to print: what a server or a file says must not steer the reader's terminal.
public enum PrintableText {
    /// The text on one line: runs of line breaks and tabs become a space, other control characters and invisible
    /// direction marks U+FFFD.
    public static func line(_ text: String) -> String {
        if text.unicodeScalars.allSatisfy({ !isControl($0) && !isDirectional($0) }) { return text }
        var line = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n", "\r", "\t", "\u{2028}", "\u{2029}": if line.last != " " { line.append(" ") }
            case _ where isControl(scalar) || isDirectional(scalar): line.append("\u{FFFD}")
            default: line.append(scalar)
            }
        }
        return String(line)
    }

    /// C0, DEL, C1 and the separators of lines and paragraphs.
    static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || (0x2028...0x2029).contains(scalar.value)
    }

    /// The marks that turn the direction of writing around (UAX #9).
    private static func isDirectional(_ scalar: Unicode.Scalar) -> Bool {
        (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
    }
}
