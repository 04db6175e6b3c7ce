public import LivepatchKit

/// Who may administer the server.
public struct AuthenticationConfiguration: Hashable, Sendable {
    /// Whether user and password are accepted.
    public let isBasicEnabled: Bool
    /// The configured administrators; empty where the server makes one itself.
    public let users: [Account]
    /// How long a login lasts.
    public let sessionLifetime: Duration

    init(_ reading: inout ConfigurationReading) {
        isBasicEnabled = reading.value(AuthenticationSettings.basicEnabled)
        users = reading.value(AuthenticationSettings.basicUsers)
        sessionLifetime = reading.value(AuthenticationSettings.sessionLifetime)
        let names = users.map(\.user)
        for name in Set(names).sorted() where names.count(where: { $0 == name }) > 1 {
            reading.refuse(
                .conflict, AuthenticationSettings.basicUsers,
                "auth.basic.users names the user '\(Redaction.escaped(name))' more than once.")
        }
        if !isBasicEnabled {
            reading.note("auth.basic.enabled is false: nobody can administer this server over the network.")
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
