public import LivepatchKit
public import Logging

/// Something that whoever watches over a server wants to know.
public struct SecurityEvent: Sendable {
    /// `snake_case`; what follows a colon is the reason.
    public let name: String
    /// In words.
    public let description: String
    public let level: Logger.Level
    /// Who did it, as far as that is known: an administrator's name, a sync token's name.
    public let actor: String?
    /// Where it came from, for events that this matters to.
    public let address: IPAddress?

    init(
        _ name: String, _ description: String, level: Logger.Level = .info, actor: String? = nil, address: IPAddress? = nil
    ) {
        self.name = name
        self.description = description
        self.level = level
        self.actor = actor
        self.address = address
    }

    static func syncTokenAccepted(_ token: SyncToken, deployment: DeploymentID?) -> SecurityEvent {
        let from = deployment.map { " from the deployment \($0)" } ?? ""
        return SecurityEvent("synctoken_authn_ok", "The sync token '\(token.name)' was accepted\(from).", actor: token.name)
    }

    /// - Parameter kinds: which tokens would have been accepted, where more than one kind would.
    static func syncTokenRefused(
        _ reason: TokenAuthority.Refusal, name: String?, of kinds: String = "sync token"
    ) -> SecurityEvent {
        let token = name.map { "The sync token '\($0)'" } ?? "A \(kinds)"
        return SecurityEvent(
            "synctoken_authn_failed:\(reason.rawValue)", "\(token) was refused: \(reason.rawValue).", level: .warning, actor: name
        )
    }

    static func clientCertificateMissing(_ token: SyncToken) -> SecurityEvent {
        SecurityEvent(
            "synctoken_authn_failed:no_client_certificate",
            "The sync token '\(token.name)' was refused: it came without a client certificate.", level: .warning,
            actor: token.name)
    }

    static func machineAccepted(_ identity: MachineIdentity) -> SecurityEvent {
        SecurityEvent(
            "machinetoken_authn_ok", "A token of the machine \(identity.machine) was accepted.", actor: "\(identity.machine)")
    }

    static func machineRefused(_ reason: MachineAuthority.Refusal, machine: HashedMachineID?) -> SecurityEvent {
        let token = machine.map { "A token of the machine \($0)" } ?? "A machine token"
        return SecurityEvent(
            "machinetoken_authn_failed:\(reason.rawValue)", "\(token) was refused: \(reason.rawValue).", level: .warning,
            actor: machine?.description)
    }

    static func machineTokenCreated(_ machine: Machine) -> SecurityEvent {
        SecurityEvent(
            "machinetoken_created", "The machine \(machine.id) was attached to the tier \(machine.tier), and has a new token.",
            actor: "\(machine.id)")
    }

    static func machineTokenEnded(_ identity: MachineIdentity) -> SecurityEvent {
        SecurityEvent(
            "machinetoken_ended", "The machine \(identity.machine) has ended its token.", actor: "\(identity.machine)")
    }

    static func authTokenAccepted(_ machine: Machine) -> SecurityEvent {
        SecurityEvent(
            "authtoken_authn_ok", "The auth token '\(machine.authToken)' was accepted from the machine \(machine.id).",
            actor: machine.authToken)
    }

    /// - Parameter id: the auth token's, if one is known.
    static func authTokenRefused(_ reason: String, id: String?) -> SecurityEvent {
        let token = id.map { "The auth token '\($0)'" } ?? "An auth token"
        return SecurityEvent(
            "authtoken_authn_failed:\(reason)", "\(token) was refused: \(reason).", level: .warning, actor: id)
    }

    /// What happens to a token in the course of its life, besides being used.
    enum TokenChange: String {
        case created, rotated, moved, revoked
    }

    static func syncToken(_ name: String, _ change: TokenChange, by user: String) -> SecurityEvent {
        SecurityEvent(
            "synctoken_\(change.rawValue)", "The sync token '\(name)' was \(change.rawValue) by '\(user)'.", actor: user)
    }

    static func authToken(_ id: String, _ change: TokenChange, by user: String) -> SecurityEvent {
        SecurityEvent("authtoken_\(change.rawValue)", "The auth token '\(id)' was \(change.rawValue) by '\(user)'.", actor: user)
    }

    static func loginSucceeded(_ administrator: KnownAdministrator, from address: IPAddress?) -> SecurityEvent {
        SecurityEvent(
            "basicauth_authn_ok", "The administrator '\(administrator.user)' logged in (\(administrator.role.rawValue)).",
            actor: administrator.user, address: address)
    }

    static func loginFailed(user: String?, reason: String, from address: IPAddress?) -> SecurityEvent {
        SecurityEvent(
            "basicauth_authn_failed:\(reason)", "Somebody failed to log in.", level: .warning, actor: user, address: address)
    }

    /// - Parameter seconds: how long further attempts are refused.
    static func loginLocked(user: String, seconds: Double, from address: IPAddress?) -> SecurityEvent {
        let pause = DurationText.text(.seconds(Int64(seconds.rounded(.up))))
        return SecurityEvent(
            "basicauth_locked",
            "Too many logins have failed: further ones of this user from \(AddressGroup(address)) are refused for \(pause).",
            level: .warning, actor: user, address: address)
    }

    static func identityAccepted(_ administrator: KnownAdministrator) -> SecurityEvent {
        SecurityEvent(
            "jwt_authn_ok",
            "A bearer token of the administrator '\(administrator.user)' was accepted (\(administrator.role.rawValue)).",
            actor: administrator.user)
    }

    /// - Parameter user: whom the token is about, where its signature was good.
    static func identityRefused(_ reason: IdentityRefusal, user: String?) -> SecurityEvent {
        SecurityEvent(
            "jwt_authn_failed:\(reason.rawValue)", "A bearer token was refused: \(reason.rawValue).", level: .warning, actor: user
        )
    }

    static func loggedOut(user: String) -> SecurityEvent {
        SecurityEvent("session_ended", "The administrator '\(user)' logged out.", actor: user)
    }

    static func sessionRefused(presented: Bool) -> SecurityEvent {
        SecurityEvent(
            "session_authn_failed:\(presented ? "unknown_or_ended" : "missing")", "An administrator's session was refused.",
            level: .warning)
    }

    static func roleInsufficient(_ administrator: KnownAdministrator, needed: AdministratorRole) -> SecurityEvent {
        SecurityEvent(
            "authz_fail:role_\(needed.rawValue)",
            "The administrator '\(administrator.user)', whose role is \(administrator.role.rawValue), asked for what takes \(needed.rawValue).",
            level: .warning, actor: administrator.user)
    }

    static let metricsAccepted = SecurityEvent("metricstoken_authn_ok", "Somebody was shown the metrics.")

    static func metricsRefused(presented: Bool) -> SecurityEvent {
        SecurityEvent(
            "metricstoken_authn_failed:\(presented ? "unknown" : "missing")", "Somebody was refused the metrics.", level: .warning
        )
    }

    /// - Parameter action: the command, as `livepatch-admin` takes it.
    static func administration(_ action: String, by user: String) -> SecurityEvent {
        SecurityEvent("authz_admin", action, actor: user)
    }

    /// What an administrator asked for, whatever comes of it; ``administration(_:by:)`` tells of what has been done.
    /// - Parameters:
    ///   - route: its template.
    ///   - isReading: whether it changes nothing.
    static func asked(for route: String, isReading: Bool, by user: String) -> SecurityEvent {
        isReading
            ? SecurityEvent("authz_admin_read", "The administrator '\(user)' read \(route).", actor: user)
            : SecurityEvent("authz_admin_request", "The administrator '\(user)' asked for a change at \(route).", actor: user)
    }

    /// - Parameter api: what was asked for, as ``ServedAPI`` has it.
    static func addressRefused(_ api: String) -> SecurityEvent {
        SecurityEvent("authz_fail:address", "One of the \(api) came to an address that is not for them.", level: .warning)
    }

    /// - Parameter mark: what the server that did not stop by itself left behind.
    public static func crashed(_ mark: String) -> SecurityEvent {
        SecurityEvent("sys_crash", "The server did not stop by itself the last time (\(mark)).", level: .error)
    }

    /// - Parameter reason: why it cannot go on.
    public static func failed(_ reason: String) -> SecurityEvent {
        SecurityEvent("sys_failure", "The server ends because of an error: \(reason)", level: .error)
    }

    public static let started = SecurityEvent("sys_startup", "The server started.")
    public static let stopped = SecurityEvent("sys_shutdown", "The server stopped.")
    /// - Parameter signal: such as `SIGHUP`.
    public static func signal(_ signal: String) -> SecurityEvent {
        SecurityEvent("sys_signal:\(signal)", "The server received \(signal).")
    }
}
