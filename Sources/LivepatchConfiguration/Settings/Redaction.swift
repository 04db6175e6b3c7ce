/// What is shown instead of secrets.
enum Redaction {
    static let marker = "***REDACTED***"

    /// A value as it may be shown: nothing of a secret, no credentials of a URL, no control characters.
    static func shown(_ text: String, of key: ConfigurationKey?) -> String {
        guard let key else { return marker }
        if text.isEmpty { return "" }
        if key.isSecret { return marker }
        return escaped(key.holdsURLs ? withoutCredentials(text) : text)
    }

    /// Everything between a URL's scheme and its last `@` is taken for credentials, so that a malformed one hides too much
    /// rather than too little.
    static func withoutCredentials(_ text: String) -> String {
        guard let at = text.lastIndex(of: "@") else { return text }
        let scheme = text.firstRange(of: "://").flatMap { $0.upperBound <= at ? text[..<$0.upperBound] : nil } ?? ""
        return scheme + marker + text[at...]
    }

    /// What ``withoutCredentials(_:)`` takes out: the user information, and the password in it.
    static func credentials(of text: String) -> [String] {
        guard let at = text.lastIndex(of: "@"), let scheme = text.firstRange(of: "://"), scheme.upperBound <= at else {
            return []
        }
        let information = String(text[scheme.upperBound..<at])
        let password = information.split(separator: ":", maxSplits: 1).dropFirst().first.map(String.init)
        return [information, password].compactMap { $0 }
    }

    /// Control characters as escapes, so that a value cannot write to the reader's terminal.
    static func escaped(_ text: String) -> String {
        text.unicodeScalars.map { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: "\\u{\(String(scalar.value, radix: 16))}"
            default: String(scalar)
            }
        }.joined()
    }
}
