import FoundationEssentials
import LivepatchKit

/// Logins that an identity provider vouches for.
enum OAuthSettings {
    /// Those with a public key.
    static let knownAlgorithms = [
        "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
    ]

    static let enabled = Setting.boolean(
        "auth.oauth.enabled", .authentication, default: false,
        "Whether administrators may come with bearer tokens (JWT, RFC 7519) of an identity provider.")

    static let audience = Setting<String?>.optional(
        "auth.oauth.audience", .authentication, .text, { $0 },
        "What tokens for this server have as `aud`, or among it.")

    static let issuer = Setting<String?>.optional(
        "auth.oauth.issuer", .authentication, .text, { $0 },
        "What the provider's tokens have as `iss`, such as `https://accounts.example.com`.")

    static let algorithms = Setting<[String]>(
        key: ConfigurationKey(
            "auth.oauth.sig-algs", .authentication, .list(of: "algorithms"), default: "RS256",
            "The ways of signing that are accepted: of \(knownAlgorithms.joined(separator: ", ")) those that the provider uses."),
        defaultValue: ["RS256"],
        parse: { text in
            let names = text.split(separator: ",").map { SettingText.trimmed($0) }.filter { !$0.isEmpty }
            guard !names.isEmpty else { throw SettingFault("names no algorithm") }
            for name in names where !knownAlgorithms.contains(name) {
                throw SettingFault(
                    "has an entry, '\(Redaction.escaped(name))', that is not one of \(knownAlgorithms.joined(separator: ", "))")
            }
            return names
        })

    static let allowedEmails = Setting<[String]>.list(
        "auth.oauth.allowed-email-ids", .authentication, of: "e-mail addresses",
        { text in
            guard text.wholeMatch(of: /[^\s@\p{Cc}]+@[^\s@\p{Cc}]+/) != nil else {
                throw SettingFault("is not an e-mail address")
            }
            return text
        },
        "Who may come in: the `email` of tokens, which the provider must have verified (`email_verified`).")

    static let roles = Setting<[RoleAssignment]>.list(
        "auth.oauth.roles", .authentication, of: "email=role", RoleAssignment.parse,
        "What they may do (`read`, `operate`, `admin`). Whoever is not named here has the role admin.")

    static let keySetURL = Setting<URL?>.optional(
        "auth.oauth.jwks.url", .authentication, .url,
        { text in
            let url = try SettingText.webURL(text)
            guard !ClearText.isUsed(by: url.absoluteString) else {
                throw SettingFault("is not an https URL: whoever stands between could exchange the keys")
            }
            return url
        },
        "Where the provider publishes its keys (a JWK set, RFC 7517).")

    static let refreshInterval = Setting<Duration>.duration(
        "auth.oauth.jwks.refresh-interval", .authentication, default: .seconds(3600), in: .seconds(10) ... .seconds(30 * 86_400),
        "The time between two fetches of the keys. A token with an unknown key brings about one more, at most every half minute.")

    static let certificateAuthority = Setting<String?>.optional(
        "auth.oauth.jwks.ca", .authentication, .path, SettingText.path,
        "A PEM file of certificates to trust besides the system's, for that URL.")

    static let keys = [
        enabled.key, audience.key, issuer.key, algorithms.key, allowedEmails.key, roles.key, keySetURL.key, refreshInterval.key,
        certificateAuthority.key,
    ]
}
