public import FoundationEssentials

/// Attaches machines to the tier of an auth token.
public struct MachineRegistrar: Sendable {
    /// Why a secret was refused: for the operator's log, never for the answer.
    public enum Refusal: String, Sendable, CaseIterable {
        case missing, malformed, unknown, expired, revoked
    }

    /// A machine that was attached.
    public struct Registration: Sendable {
        public let machine: Machine
        /// The secret of the new machine token: this is the only time that it is told.
        public let secret: String
    }

    /// The outcome of an attempt.
    public enum Decision: Sendable {
        case registered(Registration)
        /// The id is known for auth tokens that exist.
        case refused(Refusal, authToken: String?)
    }

    /// What every refused machine is told, whatever the reason.
    public static let refusal = LivepatchError(
        .tokenRefused, "The auth token was refused.",
        suggestion:
            "It may be mistyped, expired or revoked; whoever issued it sees why in the server's log and with `livepatch-admin auth-tokens list`."
    )

    private let machines: any MachineStore
    private let tokens: any AuthTokenStore
    private let authority: MachineAuthority
    private let memory: MachineMemory
    private let key: [UInt8]
    private let newSecret: @Sendable () -> String
    private let now: @Sendable () -> Date

    /// - Parameters:
    ///   - authority: told of new tokens, so that it knows which one is the newest.
    ///   - memory: forgets what it knew of a machine that registers anew.
    ///   - key: the server's key for machine ids (``HashedMachineID``).
    ///   - newSecret: makes a secret, as ``TokenSecret/random(using:)`` does.
    ///   - now: the current time.
    public init(
        machines: any MachineStore, tokens: any AuthTokenStore, authority: MachineAuthority, memory: MachineMemory, key: [UInt8],
        newSecret: @escaping @Sendable () -> String = TokenIssuer.systemSecret, now: @escaping @Sendable () -> Date
    ) {
        self.machines = machines
        self.tokens = tokens
        self.authority = authority
        self.memory = memory
        self.key = key
        self.newSecret = newSecret
        self.now = now
    }

    /// Attaches a machine, or attaches it anew.
    /// - Parameter secret: the auth token that the machine presented.
    /// - Throws: ``LivepatchError`` with the code `machine-limit`.
    public func register(_ id: MachineID, with secret: String?) async throws -> Decision {
        guard let secret, !secret.isEmpty else { return .refused(.missing, authToken: nil) }
        // A lookup by hash: how long it takes tells nothing of the secrets that exist. A malformed secret takes the same way.
        let hash = TokenSecret.hash(secret)
        guard let token = try await tokens.authToken(hash: hash) else {
            return .refused(TokenSecret.isWellFormed(secret) ? .unknown : .malformed, authToken: nil)
        }
        let time = now()
        if let refusal = Self.refusal(of: token, at: time) { return .refused(refusal, authToken: token.id) }
        let hashed = HashedMachineID(id, key: key)
        let machineSecret = newSecret()
        let machine: Machine
        do {
            machine = try await machines.register(hashed, token: TokenSecret.hash(machineSecret), with: hash, at: time)
        } catch let error as LivepatchError where error.code == .tokenRefused {
            return .refused(.revoked, authToken: token.id)
        }
        authority.forget(hashed)
        memory.forget(hashed)
        return .registered(Registration(machine: machine, secret: machineSecret))
    }

    private static func refusal(of token: AuthToken, at time: Date) -> Refusal? {
        if token.revoked != nil { return .revoked }
        return token.attachesMachines(at: time) ? nil : .expired
    }
}

extension AuthToken {
    /// Whether it attaches machines: it is neither revoked nor expired.
    public func attachesMachines(at time: Date) -> Bool {
        revoked == nil && validUntil.map { time < $0 } != false
    }
}
