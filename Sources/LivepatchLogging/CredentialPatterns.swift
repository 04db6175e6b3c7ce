/// What looks like a credential wherever it stands.
enum CredentialPatterns {
    /// The text with every credential replaced: what follows `Bearer` or `Basic`, the user information of a URL, a signed token, a bcrypt
    /// hash, a private key, the secret of a webhook, and what stands behind the name of a secret.
    static func redacted(_ text: String) -> String {
        // Most lines hold none of these, and are not looked at any closer.
        let hints = Hints(in: text)
        var text = text
        if hints.hasKey { text = text.replacing(privateKey, with: SecretRedactor.marker) }
        if hints.hasScheme { text = text.replacing(scheme) { "\($0.1) \(SecretRedactor.marker)" } }
        if hints.hasURL { text = text.replacing(userInformation) { "\($0.1)\(SecretRedactor.marker)@" } }
        if hints.hasHash { text = text.replacing(bcrypt, with: SecretRedactor.marker) }
        if hints.hasSignedToken { text = text.replacing(signedToken, with: SecretRedactor.marker) }
        if hints.hasWebhookSecret { text = text.replacing(webhookSecret, with: SecretRedactor.marker) }
        if hints.hasName {
            text = text.replacing(field) { "\($0.1)\(SecretRedactor.marker)" }
            text = text.replacing(namedUUID) { "\($0.1)\(SecretRedactor.marker)" }
        }
        return text
    }

    /// Whether a field's whole value is a secret, by its name.
    static func isSecret(_ name: String) -> Bool {
        [
            "authorization", "proxy-authorization", "password", "passwd", "secret", "bearer", "cookie", "set-cookie", "api-key",
            "access-key", "secret-key", "private-key",
        ].contains(name.lowercased().replacing("_", with: "-"))
    }

    /// What is worth looking for in a text.
    private struct Hints {
        var hasScheme = false
        var hasURL = false
        var hasHash = false
        var hasSignedToken = false
        var hasWebhookSecret = false
        var hasName = false
        var hasKey = false

        init(in text: String) {
            let bytes = text.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
            for (index, byte) in bytes.enumerated() {
                func follows(_ word: StaticString) -> Bool {
                    guard index + word.utf8CodeUnitCount <= bytes.count else { return false }
                    for offset in 0..<word.utf8CodeUnitCount where bytes[index + offset] != word.utf8Start[offset] {
                        return false
                    }
                    return true
                }
                func names(_ word: StaticString) -> Bool {
                    follows(word) && Self.isValue(bytes[(index + word.utf8CodeUnitCount)...])
                }
                switch byte {
                case UInt8(ascii: "b"): if follows("bearer") || follows("basic") { hasScheme = true }
                case UInt8(ascii: ":"): if follows("://") { hasURL = bytes[index...].contains(UInt8(ascii: "@")) || hasURL }
                case UInt8(ascii: "$"): if follows("$2") { hasHash = true }
                case UInt8(ascii: "e"): if follows("eyj") { hasSignedToken = true }
                case UInt8(ascii: "w"): if follows("whsec_") { hasWebhookSecret = true }
                case UInt8(ascii: "-"): if follows("-----begin ") { hasKey = true }
                case UInt8(ascii: "t"): if names("token") { hasName = true }
                case UInt8(ascii: "s"): if names("secret") { hasName = true }
                case UInt8(ascii: "p"): if names("password") || names("passwd") { hasName = true }
                case UInt8(ascii: "a"): if names("authorization") { hasName = true }
                case UInt8(ascii: "k"): if names("key") { hasName = true }
                default: break
                }
            }
        }

        /// Whether what stands behind a name could be its value: something after a colon or an equals sign, or hexadecimal digits.
        private static func isValue(_ rest: ArraySlice<UInt8>) -> Bool {
            let rest = rest.first == UInt8(ascii: "s") ? rest.dropFirst() : rest
            let separators = rest.prefix { $0 <= 0x20 || "\"':=(".utf8.contains($0) }
            let value = rest[separators.endIndex...]
            // What is not ASCII may be a space.
            guard let first = value.first, !separators.isEmpty || first >= 0x80 else { return false }
            if first >= 0x80 || separators.contains(where: { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "=") }) { return true }
            return value.prefix(8).allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
        }
    }

    /// RFC 9110, section 11.4; a token68 or what a careless caller put there. Words after it, as in "bearer token", are none.
    private nonisolated(unsafe) static let scheme =
        /(?i)\b(bearer|basic)[\s:=]+"?(?=[^\s",;]*[0-9=])[^\s",;]{8,}/.matchingSemantics(.unicodeScalar)
    /// RFC 3986, section 3.2.1. The last `@` before the path counts.
    private nonisolated(unsafe) static let userInformation =
        /([A-Za-z][A-Za-z0-9+.-]*:\/\/)[^\s\/?#"'<>]*@/.matchingSemantics(.unicodeScalar)
    private nonisolated(unsafe) static let bcrypt = /\$2[abxy]?\$[0-9]{2}\$[.\/A-Za-z0-9]{53}/.matchingSemantics(.unicodeScalar)
    /// A JSON Web Token (RFC 7519) in the compact form (RFC 7515, section 7.1).
    private nonisolated(unsafe) static let signedToken =
        /eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*/.matchingSemantics(.unicodeScalar)
    /// Standard Webhooks 1.0.0.
    private nonisolated(unsafe) static let webhookSecret = /(?i)whsec_[A-Za-z0-9+\/_=-]+/.matchingSemantics(.unicodeScalar)
    /// RFC 7468, section 10 and 11, and what older tools write; without its end, too, since a line may have been cut.
    private nonisolated(unsafe) static let privateKey =
        /(?is)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|$)/.matchingSemantics(.unicodeScalar)
    /// A long text without spaces behind a name that says what it is.
    private nonisolated(unsafe) static let field =
        /(?i)\b((?:[a-z0-9_.-]*(?:token|secret|password|passwd|access-key|secret-key|private-key|api-key)|authorization)["']?\s*[:=]\s*["']?)(?!\*\*\*)[^\s"',;&]{8,}/
        .matchingSemantics(.unicodeScalar)
    /// "the token 123e4567-…": what tokens look like, behind a word that says that it is one.
    private nonisolated(unsafe) static let namedUUID =
        /(?i)((?:token|secret|password)s?["']?[\s:=]+["'(]?)[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}/
        .matchingSemantics(.unicodeScalar)
}
