import LivepatchKit

/// Comma-separated values (RFC 4180). Empty lines and lines that begin with `#` are skipped, and so is white space around cells
/// without quotes.
struct CommaSeparated {
    struct Row: Hashable {
        /// The line on which it begins, from 1.
        let line: Int
        let cells: [String]
    }

    private let text: String

    init(_ text: String) { self.text = text }

    /// - Throws: ``LivepatchError`` with the code `malformed-value`, naming the line.
    func rows() throws -> [Row] {
        var rows: [Row] = []
        var rest = Array(text.unicodeScalars)[...]
        // The mark that some programs put before UTF-8.
        if rest.first == "\u{FEFF}" { rest = rest.dropFirst() }
        var line = 1
        while !rest.isEmpty {
            let first = line
            if rest.first == "#" {
                rest = rest.drop { $0 != "\n" }.dropFirst()
                line += 1
                continue
            }
            var cells: [String] = []
            var goesOn = true
            while goesOn {
                cells.append(try Self.cell(&rest, &line))
                goesOn = rest.popFirst() == ","
            }
            line += 1
            if cells != [""] { rows.append(Row(line: first, cells: cells)) }
        }
        return rows
    }

    /// A cell, up to the comma or the end of the line behind it; a carriage return before that is taken, too.
    private static func cell(_ rest: inout ArraySlice<Unicode.Scalar>, _ line: inout Int) throws -> String {
        while rest.first == " " || rest.first == "\t" { rest = rest.dropFirst() }
        var cell = String.UnicodeScalarView()
        if rest.first == "\"" {
            let first = line
            rest = rest.dropFirst()
            while true {
                guard let scalar = rest.popFirst() else {
                    throw LivepatchError(.malformedValue, "Line \(first): A quoted cell does not end.")
                }
                if scalar == "\"" {
                    guard rest.first == "\"" else { break }
                    rest = rest.dropFirst()
                }
                if scalar == "\n" { line += 1 }
                cell.append(scalar)
            }
            while let next = rest.first, " \t\r".unicodeScalars.contains(next) { rest = rest.dropFirst() }
            guard rest.isEmpty || rest.first == "," || rest.first == "\n" else {
                throw LivepatchError(.malformedValue, "Line \(line): Something follows a quoted cell.")
            }
            return String(cell)
        }
        while let next = rest.first, next != ",", next != "\n" {
            cell.append(next)
            rest = rest.dropFirst()
        }
        while let last = cell.last, " \t\r".unicodeScalars.contains(last) { cell.removeLast() }
        return String(cell)
    }
}
