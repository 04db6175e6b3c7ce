import LivepatchKit

enum AuthenticationSettings {
    static let basicEnabled = Setting.boolean(
        "auth.basic.enabled", .authentication, default: true,
        "Whether administrators log in with user and password. On by default, unlike in Livepatch on-prem, because a fresh server creates an administrator; where it is off nobody can administer the server over the network."
    )

    static let basicUsers = Setting<[Account]>.list(
        "auth.basic.users", .authentication, of: "user:bcrypt-hash", secret: true, reloadable: true, BasicUser.parse,
        "The administrators, as `htpasswd -nB USER` prints them. Where none is set the server creates one at its first start and prints the password once."
    )

    static let basicRoles = Setting<[RoleAssignment]>.list(
        "auth.basic.roles", .authentication, of: "user=role", reloadable: true, RoleAssignment.parse,
        "What the users of `auth.basic.users` may do: `read` sees everything and changes nothing; `operate` promotes, withdraws, blocks and imports patches, triggers syncs, looks after storage and machines; `admin` does everything. A user who is not named here has the role admin."
    )

    static let sessionLifetime = Setting<Duration>.duration(
        "auth.session-lifetime", .authentication, default: .seconds(240 * 3600), written: "240h",
        in: .seconds(60) ... .seconds(366 * 86_400),
        "How long a login lasts.")

    static let keys = [basicEnabled.key, basicUsers.key, basicRoles.key, sessionLifetime.key]
}
