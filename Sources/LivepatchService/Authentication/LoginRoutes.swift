import FoundationEssentials
import Hummingbird
import LivepatchAPI
import LivepatchKit

/// Logging in.
struct LoginRoutes: Sendable {
    let accounts: AccountAuthority
    /// Whether user and password are accepted at all (`auth.basic.enabled`).
    let acceptsPasswords: Bool
    let addresses: ClientAddresses
    let meter: EntryMeter
    let security: SecurityLog
    let now: @Sendable () -> Date
    /// Whoever goes on guessing fills no log.
    private let refusals = RecentAcceptances<String>(pause: 60)

    init(
        accounts: AccountAuthority, acceptsPasswords: Bool, addresses: ClientAddresses, meter: EntryMeter,
        security: SecurityLog, now: @escaping @Sendable () -> Date
    ) {
        self.accounts = accounts
        self.acceptsPasswords = acceptsPasswords
        self.addresses = addresses
        self.meter = meter
        self.security = security
        self.now = now
    }

    func add(to routes: Routes) { routes.on(.post, Paths.login, for: .everybody, login) }

    @Sendable private func login(_ request: Request, _ context: ServiceRequestContext) async throws -> Response {
        let address = addresses.address(of: request, on: context.channel)
        guard acceptsPasswords else {
            security.record(.loginFailed(user: nil, reason: "disabled", from: address), request)
            throw LivepatchError(
                .loginFailed, "This server does not accept user and password.",
                suggestion: "Set auth.basic.enabled=true in the server's configuration.")
        }
        guard let credentials = BasicCredentials(in: request) else {
            security.record(.loginFailed(user: nil, reason: "no_credentials", from: address), request)
            throw LivepatchError(
                .loginFailed, "Logging in takes user and password (HTTP Basic authentication).",
                suggestion: "Log in with `livepatch-admin login`.")
        }
        let user = credentials.user
        let decision = try await meter.measuring(.basic) {
            try await accounts.decideLogin(user: user, password: credentials.password, from: address)
        }
        switch decision {
        case .accepted(let administrator, let token):
            security.record(.loginSucceeded(administrator, from: address), request)
            return try Answers.json(
                LoginBody(
                    token: token, user: administrator.user, role: administrator.role, expires: administrator.expires))
        case .wrong(let refusal):
            security.record(.loginFailed(user: user, reason: "wrong_credentials", from: address), request)
            if refusal > 0 { security.record(.loginLocked(user: user, seconds: refusal, from: address), request) }
        case .refused:
            if refusals.isNews("\(user) \(AddressGroup(address))", at: now()) {
                security.record(.loginFailed(user: user, reason: "locked", from: address), request)
            }
        case .crowded:
            if refusals.isNews("", at: now()) {
                security.record(.loginFailed(user: user, reason: "crowded", from: address), request)
            }
        }
        throw decision.refusal ?? AccountAuthority.loginRequired
    }
}
