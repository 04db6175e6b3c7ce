import Hummingbird
import LivepatchKit
import NIOCore

/// What is known of one request besides the request itself.
struct ServiceRequestContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// Who asks, once that has been found out.
    var caller: Caller?

    /// The connection that it came on.
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        channel = source.channel
        coreContext = CoreRequestContextStorage(source: source)
    }
}

/// Whoever has shown a credential that is good.
enum Caller: Sendable {
    case administrator(AdminSession)
    case downstream(SyncToken)
}

extension ServiceRequestContext {
    /// The administrator who asks.
    /// - Throws: ``LivepatchError`` with the code `login-required` if it is somebody else.
    func administrator() throws -> AdminSession {
        guard case .administrator(let session)? = caller else { throw AccountAuthority.loginRequired }
        return session
    }

    /// The downstream's token.
    /// - Throws: ``LivepatchError`` with the code `token-refused` if it is somebody else who asks.
    func downstream() throws -> SyncToken {
        guard case .downstream(let token)? = caller else { throw TokenAuthority.refusal }
        return token
    }
}

extension AccountAuthority {
    /// What whoever is not logged in is told.
    static let loginRequired = LivepatchError(
        .loginRequired, "You are not logged in to this server, or the session has ended.",
        suggestion: "Log in with `livepatch-admin login`.")
}
