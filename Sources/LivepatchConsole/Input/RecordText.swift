import LivepatchKit
import Yams

/// A list of records as people write and export it: CSV (RFC 4180) with a heading, or YAML, of which JSON is a part.
///
/// Every value is read as the text that stands there: `5.10` stays `5.10`, and does not become the number 5.1.
public struct RecordText: Sendable {
    /// One record.
    public struct Record: Hashable, Sendable {
        /// The line on which it begins, from 1.
        public let line: Int
        /// Its values by name; what is empty or null is absent.
        public let values: [String: String]

        public init(line: Int, values: [String: String]) {
            self.line = line
            self.values = values
        }
    }

    /// How a text is written.
    public enum Form: Sendable {
        case csv, yaml

        /// By the file's name; by the text's first character where that says nothing.
        public init(of text: String, name: String) {
            let suffix = name.split(separator: ".").last?.lowercased() ?? ""
            if suffix == "csv" {
                self = .csv
            } else if ["yaml", "yml", "json"].contains(suffix) {
                self = .yaml
            } else {
                let first = text.first { !$0.isWhitespace }
                let heading = text.split(whereSeparator: \.isNewline).first { !$0.hasPrefix("#") } ?? ""
                self = "[{-".contains(first ?? " ") || !heading.contains(",") ? .yaml : .csv
            }
        }
    }

    /// Reads a text.
    /// - Parameters:
    ///   - names: the names that a record may have. Those of a CSV heading may be written otherwise: `covered_until`, `Covered Until`
    ///     and `coveredUntil` are the same.
    ///   - list: the member that holds the list, where the text is a document and not the list itself.
    /// - Throws: ``LivepatchError`` with the code `malformed-value`, naming the line.
    public static func records(in text: String, form: Form, names: [String], list: String) throws -> [Record] {
        switch form {
        case .csv: try csv(text, names: names)
        case .yaml: try yaml(text, names: names, list: list)
        }
    }

    private static func malformed(_ line: Int?, _ message: String, _ suggestion: String? = nil) -> LivepatchError {
        LivepatchError(.malformedValue, line.map { "Line \($0): \(message)" } ?? message, suggestion: suggestion)
    }

    private static func unknown(_ name: String, line: Int, among names: [String]) -> LivepatchError {
        malformed(line, "There is no '\(name)' in an entry.", "An entry has \(names.joined(separator: ", ")).")
    }

    // MARK: YAML

    private static func yaml(_ text: String, names: [String], list: String) throws -> [Record] {
        let root: Node?
        do { root = try Yams.compose(yaml: text) } catch {
            let place =
                switch error {
                case YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _),
                    YamlError.composer(_, let problem, let mark, _):
                    "line \(mark.line): \(problem)"
                default: "\(error)"
                }
            throw malformed(nil, "It is neither YAML nor JSON (\(place)).")
        }
        guard let root else { return [] }
        var items = root
        if case .mapping(let document) = root {
            guard let member = document.first(where: { $0.key.scalar?.string == list }) else {
                throw malformed(
                    root.mark?.line, "There is no list '\(list)'.", "Write a list of entries, or a document that has one.")
            }
            items = member.value
        }
        guard case .sequence(let sequence) = items else { throw malformed(items.mark?.line, "It is not a list of entries.") }
        return try sequence.map { node in
            let line = node.mark?.line ?? 0
            guard case .mapping(let members) = node else { throw malformed(line, "It is not an entry.") }
            var values: [String: String] = [:]
            for (key, value) in members {
                guard let name = key.scalar?.string, names.contains(name) else {
                    throw unknown(key.scalar?.string ?? "?", line: key.mark?.line ?? line, among: names)
                }
                guard let scalar = value.scalar else { throw malformed(value.mark?.line ?? line, "'\(name)' is not one value.") }
                let isNull = scalar.style == .plain && ["", "~", "null", "Null", "NULL"].contains(scalar.string)
                if !isNull, !scalar.string.isEmpty { values[name] = scalar.string }
            }
            return Record(line: line, values: values)
        }
    }

    // MARK: CSV

    private static func csv(_ text: String, names: [String]) throws -> [Record] {
        var rows = try CommaSeparated(text).rows()[...]
        guard let heading = rows.popFirst() else { return [] }
        let byPlainName = Dictionary(names.map { (plain($0), $0) }) { first, _ in first }
        let columns = try heading.cells.map { cell in
            guard let name = byPlainName[plain(cell)] else { throw unknown(cell, line: heading.line, among: names) }
            return name
        }
        guard Set(columns).count == columns.count else { throw malformed(heading.line, "The heading names a column twice.") }
        return try rows.map { row in
            guard row.cells.count == columns.count else {
                throw malformed(row.line, "It has \(row.cells.count) columns, and the heading \(columns.count).")
            }
            return Record(
                line: row.line,
                values: Dictionary(uniqueKeysWithValues: zip(columns, row.cells).filter { !$0.1.isEmpty }))
        }
    }

    private static func plain(_ name: String) -> String { name.lowercased().filter { $0.isLetter || $0.isNumber } }
}
