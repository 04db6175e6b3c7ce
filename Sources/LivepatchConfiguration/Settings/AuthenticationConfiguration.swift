public import LivepatchKit

/// Who may administer the server.
public struct AuthenticationConfiguration: Hashable, Sendable {
    /// Whether user and password are accepted.
    public let isBasicEnabled: Bool
    /// The configured administrators; empty where the server makes one itself.
    public let users: [Account]
    /// How long a login lasts.
    public let sessionLifetime: Duration
    /// The identity provider whose tokens are accepted; `nil` for none.
    public let oauth: OAuthConfiguration?

    init(_ reading: inout ConfigurationReading) {
        isBasicEnabled = reading.value(AuthenticationSettings.basicEnabled)
        let accounts = reading.value(AuthenticationSettings.basicUsers)
        let roles = reading.value(AuthenticationSettings.basicRoles)
        let byName = Dictionary(roles.map { ($0.name, $0.role) }) { min($0, $1) }
        users = accounts.map { Account(user: $0.user, passwordHash: $0.passwordHash, role: byName[$0.user] ?? .admin) }
        sessionLifetime = reading.value(AuthenticationSettings.sessionLifetime)
        oauth = OAuthConfiguration(&reading)
        let names = users.map(\.user)
        for name in Set(names).sorted() where names.count(where: { $0 == name }) > 1 {
            reading.refuse(
                .conflict, AuthenticationSettings.basicUsers,
                "auth.basic.users names the user '\(Redaction.escaped(name))' more than once.")
        }
        for name in roles.repeatedNames {
            reading.refuse(
                .conflict, AuthenticationSettings.basicRoles,
                "auth.basic.roles names the user '\(Redaction.escaped(name))' more than once.")
        }
        // Somebody whose name is mistyped here would have the role admin.
        if !reading.isMalformed(AuthenticationSettings.basicUsers) {
            for name in Set(roles.map(\.name)).subtracting(names).sorted() {
                reading.refuse(
                    .conflict, AuthenticationSettings.basicRoles,
                    "auth.basic.roles names '\(Redaction.escaped(name))', who is not in auth.basic.users.")
            }
        }
        if !isBasicEnabled, oauth == nil {
            reading.note(
                "auth.basic.enabled is false, and so is auth.oauth.enabled: nobody can administer this server over the network.")
        }
    }
}

extension AuthenticationConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String {
        "basic: \(isBasicEnabled), \(users.count) users, sessions of \(DurationText.text(sessionLifetime))"
    }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
