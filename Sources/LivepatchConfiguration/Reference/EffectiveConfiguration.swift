/// Every key with the value in force and where that came from, secrets redacted: what `--check-config` prints.
public struct EffectiveConfiguration: Hashable, Sendable {
    public struct Entry: Hashable, Sendable {
        public let key: ConfigurationKey
        /// The value as it may be shown; empty for none.
        public let shownValue: String
        public let origin: ConfigurationOrigin
    }

    /// In the order of the reference, one for every available key.
    public let entries: [Entry]

    init(_ reading: ConfigurationReading) {
        entries = ConfigurationCatalogue.availableKeys.compactMap { key in
            reading.found[key.name].map {
                Entry(key: key, shownValue: Redaction.shown($0.text, of: key), origin: $0.origin)
            }
        }
    }
}

extension EffectiveConfiguration: CustomStringConvertible {
    /// A table in plain text: key, value, origin.
    public var description: String {
        let rows =
            [["KEY", "VALUE", "FROM"]]
            + entries.map { [$0.key.name, $0.shownValue.isEmpty ? "-" : $0.shownValue, $0.origin.description] }
        // A long value moves its own line only.
        let widths = (0..<2).map { column in rows.map { min($0[column].count, 40) }.max() ?? 0 }
        return rows.map { row in
            row.enumerated().map { column, text in
                column < 2 ? text + String(repeating: " ", count: max(0, widths[column] - text.count)) : text
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }
}
