import FoundationEssentials
import HTTPTypes
import Hummingbird
import LivepatchAPI
import LivepatchKit
import NIOCore
import NIOSSL

/// Finds out who asks, and lets in whom a route is for.
struct EntryGate: Sendable {
    /// Whom a route is for.
    enum Entry: Hashable, Sendable {
        case everybody
        /// Administrators with that role or a higher one. Where a body may ask for what takes a higher one, the handler refuses it.
        case administrators(AdministratorRole)
        case downstreams
        /// The machine that the path names.
        case machines
        /// Downstreams and machines: whoever has the view of a tier.
        case viewers
        /// Viewers and administrators: whoever may fetch patch files.
        case downloaders
    }

    /// What is said to whoever has no token that opens a view, whatever is wrong with it and whichever kind it was meant to be.
    static let refusal = LivepatchError(
        .tokenRefused, "The token was refused.",
        suggestion:
            "It may be mistyped, expired or revoked; whoever issued it sees why in the server's log and with `livepatch-admin sync-tokens list` or `livepatch-admin auth-tokens list`."
    )

    /// A sync token, and who shows it.
    private struct TokenUse: Hashable {
        let token: String
        let deployment: DeploymentID?
    }

    private let tokens: TokenAuthority
    private let machines: MachineAuthority
    private let accounts: AccountAuthority
    private let identity: (any IdentityProvider)?
    private let security: SecurityLog
    private let now: @Sendable () -> Date
    /// Where it stands.
    var entrance = Entrance()
    private let acceptances = RecentAcceptances<TokenUse>(pause: 60)
    private let identityAcceptances = RecentAcceptances<String>(pause: 3600)
    /// Machines come by the thousand, and each hour anew.
    private let machineAcceptances = RecentAcceptances<HashedMachineID>(pause: 86_400, capacity: 65_536)

    init(
        tokens: TokenAuthority, machines: MachineAuthority, accounts: AccountAuthority,
        identity: (any IdentityProvider)?, security: SecurityLog, now: @escaping @Sendable () -> Date
    ) {
        self.tokens = tokens
        self.machines = machines
        self.accounts = accounts
        self.identity = identity
        self.security = security
        self.now = now
    }

    /// - Throws: ``LivepatchError`` with the codes `token-refused`, `login-required`, `role-insufficient`, `machine-mismatch`,
    ///   `client-certificate-required`, and `not-found` for who is answered at another address. Whatever is wrong with a token, the
    ///   error is the same; the security log has the reason.
    func admit(_ request: Request, _ context: ServiceRequestContext, to entry: Entry) async throws -> Caller? {
        let caller = try await caller(request, context, at: entry)
        guard let caller else { return nil }
        guard entrance.apis.contains(caller.api) else {
            security.record(.addressRefused(caller.api.rawValue), request)
            throw LivepatchError(.notFound, "There is nothing at this path.")
        }
        if case .downstream(let token) = caller, entrance.asksDownstreamsForCertificates {
            guard try await context.channel.nioSSL_peerCertificate().get() != nil else {
                security.record(.clientCertificateMissing(token), request)
                throw Self.certificateMissing
            }
        }
        return caller
    }

    /// What a downstream is told that shows no certificate.
    static let certificateMissing = LivepatchError(
        .clientCertificateRequired, "This server asks downstreams for a TLS client certificate, and there was none.",
        suggestion:
            "Set patch-sync.client-certificate and patch-sync.client-key to a certificate of the authority that this server accepts."
    )

    private func caller(_ request: Request, _ context: ServiceRequestContext, at entry: Entry) async throws -> Caller? {
        switch entry {
        case .everybody: nil
        case .administrators(let role): .administrator(try await administrator(request, role))
        case .downstreams: .downstream(try await downstream(request))
        case .machines: try await machine(request, context)
        case .viewers: try await viewer(request)
        case .downloaders: try await viewer(request, orAdministrator: true)
        }
    }

    private func administrator(_ request: Request, _ role: AdministratorRole) async throws -> KnownAdministrator {
        let secret = BearerToken(in: request)?.secret
        guard let administrator = try await administrator(secret, request) else {
            security.record(.sessionRefused(presented: secret != nil), request)
            throw AccountAuthority.loginRequired
        }
        try security.require(role, of: administrator, request)
        return administrator
    }

    /// A token is of the first kind that knows it; what no kind knows is told as a sync token, which has the most to say about it.
    private func viewer(_ request: Request, orAdministrator admitsAdministrators: Bool = false) async throws -> Caller {
        let secret = BearerToken(in: request)?.secret
        switch try await tokens.decide(secret, from: Self.deployment(request)) {
        case .accepted(let token):
            note(token, request)
            return .downstream(token)
        case .refused(let reason, let name):
            if name == nil, case .accepted(let identity, let revision) = try await machines.decide(secret) {
                note(identity, request)
                return .machine(identity, as: revision)
            }
            if name == nil, admitsAdministrators, let administrator = try await administrator(secret, request) {
                return .administrator(administrator)
            }
            security.record(.syncTokenRefused(reason, name: name, of: "sync or machine token"), request)
            throw Self.refusal
        }
    }

    /// - Returns: `nil` if the secret is neither a session's nor a token that an identity provider vouches for.
    private func administrator(_ secret: String?, _ request: Request) async throws -> KnownAdministrator? {
        // Only what could be a signed token is shown to the one, and nothing of that kind to the other.
        guard let identity, let secret, secret.utf8.count(where: { $0 == UInt8(ascii: ".") }) == 2 else {
            return try await session(secret)
        }
        switch await identity.identify(secret) {
        case .accepted(let user, let role, let expires):
            let administrator = KnownAdministrator(user: user, role: role, expires: expires)
            if identityAcceptances.isNews(user, at: now()) { security.record(.identityAccepted(administrator), request) }
            return administrator
        case .refused(let reason, let user):
            security.record(.identityRefused(reason, user: user), request)
            return nil
        }
    }

    /// - Returns: `nil` if the secret is not a session's.
    private func session(_ secret: String?) async throws -> KnownAdministrator? {
        do {
            return try await accounts.session(token: secret)
        } catch let error as LivepatchError where error.code == .loginRequired {
            return nil
        }
    }

    private func machine(_ request: Request, _ context: ServiceRequestContext) async throws -> Caller {
        let id = try RequestReading.pathValue(MachineID.self, "machine-id", context)
        switch try await machines.decide(BearerToken(in: request)?.secret, for: id) {
        case .accepted(let identity, let revision):
            note(identity, request)
            return .machine(identity, as: revision)
        case .refused(let reason, let machine):
            security.record(.machineRefused(reason, machine: machine), request)
            throw reason == .mismatch ? MachineAuthority.mismatch : MachineAuthority.refusal
        }
    }

    private func downstream(_ request: Request) async throws -> SyncToken {
        switch try await tokens.decide(BearerToken(in: request)?.secret, from: Self.deployment(request)) {
        case .accepted(let token):
            note(token, request)
            return token
        case .refused(let reason, let name):
            security.record(.syncTokenRefused(reason, name: name), request)
            throw TokenAuthority.refusal
        }
    }

    /// The downstream or machine that asks at a route for viewers, if ``admit(_:_:to:)`` would say the same from memory, and would have
    /// nothing to record.
    /// - Parameters:
    ///   - hash: of the token's secret.
    ///   - deployment: who the caller says it is.
    ///   - revision: one that was read after the request came.
    ///   - hasCertificate: whether the connection's client has shown one.
    /// - Returns: `nil` if ``admit(_:_:to:)`` has to be asked.
    func remembered(
        _ hash: SHA256Digest, from deployment: DeploymentID?, as revision: CatalogRevision, hasCertificate: () -> Bool
    ) -> Caller? {
        if let token = tokens.remembered(hash, from: deployment, as: revision) {
            guard entrance.apis.contains(.downstreams),
                acceptances.isOld(TokenUse(token: token.name, deployment: deployment), at: now()),
                !entrance.asksDownstreamsForCertificates || hasCertificate()
            else { return nil }
            return .downstream(token)
        }
        guard let identity = machines.remembered(hash, as: revision), entrance.apis.contains(.machines),
            machineAcceptances.isOld(identity.machine, at: now())
        else { return nil }
        return .machine(identity, as: revision)
    }

    private func note(_ token: SyncToken, _ request: Request) {
        let deployment = Self.deployment(request)
        guard acceptances.isNews(TokenUse(token: token.name, deployment: deployment), at: now()) else { return }
        security.record(.syncTokenAccepted(token, deployment: deployment), request)
    }

    private func note(_ identity: MachineIdentity, _ request: Request) {
        guard machineAcceptances.isNews(identity.machine, at: now()) else { return }
        security.record(.machineAccepted(identity), request)
    }

    /// Who the caller says it is; `nil` if it says nothing that could be an id.
    static func deployment(_ request: Request) -> DeploymentID? {
        deployment(HTTPField.Name(HeaderNames.deployment).flatMap { request.headers[$0] })
    }

    static func deployment(_ field: String?) -> DeploymentID? { field.flatMap { try? DeploymentID(parsing: $0) } }
}
