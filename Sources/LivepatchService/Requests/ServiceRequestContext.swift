import Hummingbird
import LivepatchKit
import NIOCore

/// What is known of one request besides the request itself.
struct ServiceRequestContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// Who asks, once that has been found out.
    var caller: Caller?

    /// Its turn among all requests; `nil` for one that is always answered.
    var turn: Turn?

    /// The connection that it came on.
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        channel = source.channel
        coreContext = CoreRequestContextStorage(source: source)
    }
}

/// Whoever has shown a credential that is good.
enum Caller: Sendable {
    case administrator(KnownAdministrator)
    case downstream(SyncToken)
    /// The revision is one that was read after the request came.
    case machine(MachineIdentity, as: CatalogRevision)

    /// The tier whose view it has; `nil` for an administrator.
    var viewedTier: TierName? {
        switch self {
        case .downstream(let token): token.tier
        case .machine(let identity, _): identity.tier
        case .administrator: nil
        }
    }
}

extension ServiceRequestContext {
    /// The administrator who asks.
    /// - Throws: ``LivepatchError`` with the code `login-required` if it is somebody else.
    func administrator() throws -> KnownAdministrator {
        guard case .administrator(let administrator)? = caller else { throw AccountAuthority.loginRequired }
        return administrator
    }

    /// The downstream's token.
    /// - Throws: ``LivepatchError`` with the code `token-refused` if it is somebody else who asks.
    func downstream() throws -> SyncToken {
        guard case .downstream(let token)? = caller else { throw TokenAuthority.refusal }
        return token
    }

    /// The machine that asks.
    /// - Throws: ``LivepatchError`` with the code `token-refused` if it is somebody else who asks.
    func machine() throws -> (identity: MachineIdentity, revision: CatalogRevision) {
        guard case .machine(let identity, let revision)? = caller else { throw MachineAuthority.refusal }
        return (identity, revision)
    }

    /// The tier whose view the caller may see: that of a downstream's token, or a machine's.
    /// - Throws: ``LivepatchError`` with the code `token-refused` if it is somebody else who asks.
    func viewedTier() throws -> TierName {
        guard let tier = caller?.viewedTier else { throw EntryGate.refusal }
        return tier
    }
}
