import FoundationEssentials
import HTTPTypes
import Hummingbird
import LivepatchAPI
import LivepatchKit

/// Finds out who asks, and lets in whom a route is for.
struct EntryGate: Sendable {
    /// Whom a route is for.
    enum Entry: Sendable {
        case everybody
        case administrators
        case downstreams
        /// Administrators and downstreams: whoever may fetch patch files.
        case downloaders
    }

    private let tokens: TokenAuthority
    private let accounts: AccountAuthority
    private let security: SecurityLog
    private let now: @Sendable () -> Date
    private let acceptances = RecentAcceptances()

    init(tokens: TokenAuthority, accounts: AccountAuthority, security: SecurityLog, now: @escaping @Sendable () -> Date) {
        self.tokens = tokens
        self.accounts = accounts
        self.security = security
        self.now = now
    }

    /// - Throws: ``LivepatchError`` with the codes `token-refused` and `login-required`. Whatever is wrong with a sync token, the error
    ///   is the same; the security log has the reason.
    func admit(_ request: Request, to entry: Entry) async throws -> Caller? {
        switch entry {
        case .everybody: nil
        case .administrators: .administrator(try await administrator(request))
        case .downstreams: .downstream(try await downstream(request))
        case .downloaders: try await downloader(request)
        }
    }

    private func administrator(_ request: Request) async throws -> AdminSession {
        let secret = BearerToken(in: request)?.secret
        do {
            return try await accounts.session(token: secret)
        } catch let error as LivepatchError where error.code == .loginRequired {
            security.record(.sessionRefused(presented: secret != nil), request)
            throw error
        }
    }

    private func downloader(_ request: Request) async throws -> Caller {
        let secret = BearerToken(in: request)?.secret
        switch try await tokens.decide(secret, from: Self.deployment(request)) {
        case .accepted(let token):
            note(token, request)
            return .downstream(token)
        case .refused(let reason, let name):
            do {
                return .administrator(try await accounts.session(token: secret))
            } catch let error as LivepatchError where error.code == .loginRequired {
                security.record(.syncTokenRefused(reason, name: name), request)
                throw TokenAuthority.refusal
            }
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

    private func note(_ token: SyncToken, _ request: Request) {
        guard acceptances.isNews("\(token.name) \(Self.deployment(request)?.description ?? "")", at: now()) else { return }
        security.record(.syncTokenAccepted(token, deployment: Self.deployment(request)), request)
    }

    /// Who the caller says it is; `nil` if it says nothing that could be an id.
    private static func deployment(_ request: Request) -> DeploymentID? {
        HTTPField.Name(HeaderNames.deployment).flatMap { request.headers[$0] }.flatMap { try? DeploymentID(parsing: $0) }
    }
}
