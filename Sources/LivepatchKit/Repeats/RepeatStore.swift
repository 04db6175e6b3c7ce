public import FoundationEssentials

/// Where it is kept which changes were asked for under which ``IdempotencyKey``, and what was answered.
public protocol RepeatStore: Sendable {
    /// Notes that work on a change begins, or says what is known of it already. What began more than ``RepeatedChanges/lifetime`` ago is
    /// forgotten first, and then the oldest if there are more than the store keeps (``RepeatedChanges/limit``).
    func begin(_ claim: RepeatClaim) async throws -> RepeatedChange?
    /// Keeps the answer to a change that was begun.
    func finish(_ name: SHA256Digest, sealed: [UInt8]) async throws
    /// Forgets a change that was begun, because nothing came of it.
    func abandon(_ name: SHA256Digest) async throws
}

/// That somebody begins a change.
public struct RepeatClaim: Hashable, Sendable {
    /// The key's, and the caller's.
    public let name: SHA256Digest
    public let fingerprint: SHA256Digest
    /// The run of the server that works on it.
    public let run: String
    public let time: Date

    public init(name: SHA256Digest, fingerprint: SHA256Digest, run: String, time: Date) {
        self.name = name
        self.fingerprint = fingerprint
        self.run = run
        self.time = time
    }
}

/// What is known of a change that was begun before.
public struct RepeatedChange: Hashable, Sendable {
    public let fingerprint: SHA256Digest
    public let run: String
    /// `nil` while nothing was answered.
    public let sealed: [UInt8]?

    public init(fingerprint: SHA256Digest, run: String, sealed: [UInt8]?) {
        self.fingerprint = fingerprint
        self.run = run
        self.sealed = sealed
    }
}
