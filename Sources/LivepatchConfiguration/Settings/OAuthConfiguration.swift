public import FoundationEssentials
public import LivepatchKit

/// Which identity provider's bearer tokens are accepted, and whose.
public struct OAuthConfiguration: Hashable, Sendable {
    public let issuer: String
    public let audience: String
    /// Names of algorithms (RFC 7518, section 3.1), all of them with public keys.
    public let algorithms: [String]
    /// By e-mail address, what its owner may do.
    public let roles: [String: AdministratorRole]
    /// Where the provider's keys are published.
    public let keySetURL: URL
    public let refreshInterval: Duration
    /// The path of a PEM file of certificates that are trusted besides the system's; `nil` for none.
    public let certificateAuthority: String?

    /// `nil` where it is off, or incomplete, which is refused.
    init?(_ reading: inout ConfigurationReading) {
        let isEnabled = reading.value(OAuthSettings.enabled)
        issuer = reading.value(OAuthSettings.issuer) ?? ""
        audience = reading.value(OAuthSettings.audience) ?? ""
        algorithms = reading.value(OAuthSettings.algorithms)
        refreshInterval = reading.value(OAuthSettings.refreshInterval)
        certificateAuthority = reading.value(OAuthSettings.certificateAuthority)
        let emails = reading.value(OAuthSettings.allowedEmails)
        let given = reading.value(OAuthSettings.roles)
        let url = reading.value(OAuthSettings.keySetURL)
        roles = Self.roles(emails, given, &reading)
        guard isEnabled else { return nil }
        Self.require(OAuthSettings.issuer, issuer.isEmpty, "the provider's `iss`", &reading)
        Self.require(OAuthSettings.audience, audience.isEmpty, "the `aud` of tokens for this server", &reading)
        Self.require(OAuthSettings.allowedEmails, emails.isEmpty, "the e-mail addresses of the administrators", &reading)
        Self.require(OAuthSettings.keySetURL, url == nil, "the URL of the provider's keys (its `jwks_uri`)", &reading)
        guard let url else { return nil }
        keySetURL = url
        if let certificateAuthority {
            PEMCheck.certificates(certificateAuthority, OAuthSettings.certificateAuthority, &reading)
        }
    }

    private static func require<Value>(
        _ setting: Setting<Value>, _ isMissing: Bool, _ what: String, _ reading: inout ConfigurationReading
    ) {
        guard isMissing, !reading.isMalformed(setting) else { return }
        reading.refuse(
            .missingValue, setting, "auth.oauth.enabled is true, but \(setting.key.name) is not set.",
            suggestion: "Set it to \(what).")
    }

    private static func roles(
        _ emails: [String], _ given: [RoleAssignment], _ reading: inout ConfigurationReading
    ) -> [String: AdministratorRole] {
        let given = given.map { RoleAssignment(name: $0.name.lowercased(), role: $0.role) }
        for name in given.repeatedNames {
            reading.refuse(.conflict, OAuthSettings.roles, "auth.oauth.roles names '\(Redaction.escaped(name))' more than once.")
        }
        let emails = Set(emails.map { $0.lowercased() })
        // Somebody whose address is mistyped here would have the role admin.
        if !reading.isMalformed(OAuthSettings.allowedEmails) {
            for name in Set(given.map(\.name)).subtracting(emails).sorted() {
                reading.refuse(
                    .conflict, OAuthSettings.roles,
                    "auth.oauth.roles names '\(Redaction.escaped(name))', who is not in auth.oauth.allowed-email-ids.")
            }
        }
        let byName = Dictionary(given.map { ($0.name, $0.role) }) { min($0, $1) }
        return Dictionary(uniqueKeysWithValues: emails.map { ($0, byName[$0] ?? .admin) })
    }
}
