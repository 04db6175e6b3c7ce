/// Prometheus' text format, version 0.0.4.
enum TextExposition {
    /// The text of families in that order. A family without any series is left out.
    static func text(of families: [MetricFamily]) -> String {
        var text = ""
        for family in families {
            let series = family.sorted
            guard !series.isEmpty else { continue }
            let name = family.description.name
            if !family.description.help.isEmpty { text += "# HELP \(name) \(help(family.description.help))\n" }
            text += "# TYPE \(name) \(family.description.kind.rawValue)\n"
            for (labels, instrument) in series { write(instrument.reading, name, labels, to: &text) }
        }
        return text
    }

    private static func write(_ reading: Reading, _ name: String, _ labels: LabelSet, to text: inout String) {
        switch reading {
        case .value(let value):
            text += "\(name)\(list(labels)) \(number(value))\n"
        case .distribution(let bounds, let counts, let beyond, let sum):
            var total: UInt64 = 0
            for (bound, count) in zip(bounds, counts) {
                total += count
                text += "\(name)_bucket\(list(labels, bound: number(bound))) \(total)\n"
            }
            total += beyond
            text += "\(name)_bucket\(list(labels, bound: "+Inf")) \(total)\n"
            text += "\(name)_sum\(list(labels)) \(number(sum))\n"
            text += "\(name)_count\(list(labels)) \(total)\n"
        }
    }

    private static func list(_ labels: LabelSet, bound: String? = nil) -> String {
        var parts = labels.labels.map { "\($0.name)=\"\(value($0.value))\"" }
        if let bound { parts.append("le=\"\(bound)\"") }
        return parts.isEmpty ? "" : "{\(parts.joined(separator: ","))}"
    }

    /// A backslash, a line break and a quotation mark are written with a backslash.
    private static func value(_ text: String) -> String { escaped(text, quotes: true) }

    /// The same without the quotation mark.
    private static func help(_ text: String) -> String { escaped(text, quotes: false) }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        guard text.utf8.contains(where: { $0 == UInt8(ascii: "\\") || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\n") })
        else { return text }
        var escaped = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped.append(contentsOf: "\\\\".unicodeScalars)
            case "\n": escaped.append(contentsOf: "\\n".unicodeScalars)
            case "\"" where quotes: escaped.append(contentsOf: "\\\"".unicodeScalars)
            default: escaped.append(scalar)
            }
        }
        return String(escaped)
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if let whole = Int64(exactly: value), abs(whole) < 1 << 53 { return "\(whole)" }
        return "\(value)"
    }
}
