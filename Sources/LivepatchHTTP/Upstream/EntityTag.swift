/// Entity tags (RFC 9110, section 8.8.3).
package enum EntityTag {
    /// The opaque part of a field's tag, without quotes and the mark of a weak one; `nil` for anything that is not one tag.
    package static func opaque(_ field: String?) -> String? {
        guard var text = field.map({ $0[...] }) else { return nil }
        if text.hasPrefix("W/") { text = text.dropFirst(2) }
        guard text.utf8.count >= 2, text.hasPrefix("\""), text.hasSuffix("\"") else { return nil }
        let tag = text.dropFirst().dropLast()
        return tag.utf8.allSatisfy { $0 == 0x21 || (0x23...0x7E).contains($0) || $0 >= 0x80 } ? String(tag) : nil
    }

    /// The field of a strong tag.
    package static func strong(_ tag: String) -> String { "\"\(tag)\"" }
}
