import Caching
import Synchronization

/// Decides whether a secret opens a machine token. Whom it belongs to is remembered for as long as the catalogue's revision stays.
public final class MachineAuthority: Sendable {
    /// Why a secret was refused: for the operator's log, never for the answer.
    public enum Refusal: String, Sendable, CaseIterable {
        case missing, malformed
        /// There is no such token (any more): it was ended, its auth token revoked or its machine forgotten, or the machine has
        /// registered ``MachineIdentity/tokenLimit`` times since.
        case unknown
        /// It belongs to another machine than the request names.
        case mismatch
    }

    /// The outcome of an attempt.
    public enum Decision: Sendable {
        /// The revision is one that was read after the question.
        case accepted(MachineIdentity, as: CatalogRevision)
        /// The machine is known for tokens that exist.
        case refused(Refusal, machine: HashedMachineID?)
    }

    /// What every refused machine is told, whatever the reason.
    public static let refusal = LivepatchError(
        .tokenRefused, "The machine token was refused.",
        suggestion: "The machine may have been forgotten or its auth token revoked: attach it anew with an auth token.")

    /// What a machine is told whose token belongs to another one than it names.
    public static let mismatch = LivepatchError(
        .machineMismatch, "The machine token belongs to another machine than the request names.",
        suggestion:
            "A token works only under the id that it was registered with; attach this machine with an auth token of its own."
    )

    private struct Known: Sendable {
        let identity: MachineIdentity
        let revision: CatalogRevision
    }

    private struct State: Sendable {
        var known: LeastRecentlyUsed<SHA256Digest, Known>
        /// The remembered tokens of each machine.
        var tokens: [HashedMachineID: Set<SHA256Digest>] = [:]
        /// How often something was forgotten: what was read before that is not remembered after it.
        var generation: UInt64 = 0

        mutating func insert(_ known: Known, for hash: SHA256Digest) {
            if let (hash, old) = self.known.insert(known, for: hash) { unlist(hash, of: old.identity.machine) }
            tokens[known.identity.machine, default: []].insert(hash)
        }

        mutating func remove(_ hash: SHA256Digest) {
            if let old = known.remove(hash) { unlist(hash, of: old.identity.machine) }
        }

        private mutating func unlist(_ hash: SHA256Digest, of machine: HashedMachineID) {
            tokens[machine]?.remove(hash)
            if tokens[machine]?.isEmpty == true { tokens[machine] = nil }
        }
    }

    private let machines: any MachineStore
    private let revisions: CoalescedRevision
    private let key: MachineIDKey
    private let state: Mutex<State>
    /// What was made of ids: machines name themselves in each request.
    private let hashed: Mutex<LeastRecentlyUsed<MachineID, HashedMachineID>>

    /// - Parameters:
    ///   - revisions: what tells that something was revoked, moved or forgotten: ``TierStateCache/revisions``.
    ///   - key: the server's key for machine ids (``HashedMachineID``).
    ///   - capacity: how many tokens are remembered.
    public init(machines: any MachineStore, revisions: CoalescedRevision, key: [UInt8], capacity: Int = 65_536) {
        self.machines = machines
        self.revisions = revisions
        self.key = MachineIDKey(key)
        state = Mutex(State(known: LeastRecentlyUsed(capacity: capacity)))
        hashed = Mutex(LeastRecentlyUsed(capacity: capacity))
    }

    /// Whom a secret belongs to.
    /// - Parameter secret: what the caller presented.
    public func decide(_ secret: String?) async throws -> Decision {
        guard let secret, !secret.isEmpty else { return .refused(.missing, machine: nil) }
        // A lookup by hash: how long it takes tells nothing of the secrets that exist. A malformed secret takes the same way.
        let hash = TokenSecret.hash(secret)
        let revision = try await revisions.current()
        let (known, generation) = state.withLock { ($0.known.value(for: hash), $0.generation) }
        if let known, known.revision >= revision { return .accepted(known.identity, as: revision) }
        guard let identity = try await machines.machineIdentity(hash: hash) else {
            state.withLock { $0.remove(hash) }
            return .refused(TokenSecret.isWellFormed(secret) ? .unknown : .malformed, machine: nil)
        }
        state.withLock { state in
            guard state.generation == generation else { return }
            state.insert(Known(identity: identity, revision: revision), for: hash)
        }
        return .accepted(identity, as: revision)
    }

    /// Whom a secret belongs to, if ``decide(_:)`` would find it in memory, for whoever cannot wait.
    /// - Parameters:
    ///   - hash: of the secret.
    ///   - revision: one that has just been read.
    /// - Returns: `nil` if ``decide(_:)`` has to be asked.
    public func remembered(_ hash: SHA256Digest, as revision: CatalogRevision) -> MachineIdentity? {
        guard let known = state.withLock({ $0.known.value(for: hash) }), known.revision >= revision else { return nil }
        return known.identity
    }

    /// Whom a secret belongs to, if that is the machine which the request names.
    public func decide(_ secret: String?, for id: MachineID) async throws -> Decision {
        let decision = try await decide(secret)
        guard case .accepted(let identity, _) = decision, !isMachine(identity, id) else { return decision }
        return .refused(.mismatch, machine: identity.machine)
    }

    /// Whether a token belongs to that machine.
    public func isMachine(_ identity: MachineIdentity, _ id: MachineID) -> Bool {
        if let known = hashed.withLock({ $0.value(for: id) }) { return identity.machine == known }
        let machine = key.hashed(id)
        // Only what is a machine's: anybody may say any id.
        guard machine == identity.machine else { return false }
        hashed.withLock { _ = $0.insert(machine, for: id) }
        return true
    }

    /// Ends a machine token: its machine says goodbye.
    public func end(_ secret: String) async throws {
        let hash = TokenSecret.hash(secret)
        try await machines.endMachineToken(hash: hash)
        state.withLock { state in
            state.generation += 1
            // Another of the machine's tokens may be the newest now.
            if let machine = state.known.value(for: hash)?.identity.machine {
                for token in state.tokens[machine] ?? [] { state.remove(token) }
            }
        }
    }

    /// Reads the tokens of a machine again before they are used the next time.
    public func forget(_ machine: HashedMachineID) {
        state.withLock { state in
            state.generation += 1
            for token in state.tokens[machine] ?? [] { state.remove(token) }
        }
    }
}
