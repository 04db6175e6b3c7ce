import HTTPTypes

/// Strong entity tags, and conditions on them (RFC 9110, sections 8.8.3 and 13.1).
package struct EntityTag: Hashable, Sendable {
    /// With its quotes.
    package let field: String

    /// - Parameter tag: the opaque tag, without quotes.
    package init(_ tag: String) { field = "\"\(tag)\"" }

    /// Whether `If-None-Match` names this tag, by weak comparison, or `*`.
    package func isNamed(inIfNoneMatch field: String?) -> Bool {
        guard let field else { return false }
        return field.split(separator: ",").contains { part in
            let name = part.drop { $0 == " " || $0 == "\t" }
            let trimmed = name.prefix { $0 != " " && $0 != "\t" }
            return trimmed == "*" || trimmed == self.field || (trimmed.hasPrefix("W/") && trimmed.dropFirst(2) == self.field)
        }
    }

    /// Whether `If-Range` lets a range through: it is absent, or is exactly this tag. A date or a weak tag never is.
    package func admitsRange(ifRange field: String?) -> Bool { field.map { $0 == self.field } ?? true }
}
