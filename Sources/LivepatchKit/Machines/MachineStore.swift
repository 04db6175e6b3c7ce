public import FoundationEssentials

/// Where machines, their tokens and what they report are kept.
public protocol MachineStore: Sendable {
    // MARK: Registration

    /// Attaches a machine, or attaches it anew: a machine that registers again gets one more token. The newest
    /// ``MachineIdentity/tokenLimit`` tokens of a machine work.
    /// - Throws: ``LivepatchError`` with the codes `token-refused` (the auth token is unknown, was revoked or has expired),
    ///   `machine-limit`.
    func register(_ machine: HashedMachineID, token hash: SHA256Digest, with authToken: SHA256Digest, at time: Date) async throws
        -> Machine
    /// Whom a machine token belongs to; `nil` if there is none of that hash, or its auth token was revoked.
    func machineIdentity(hash: SHA256Digest) async throws -> MachineIdentity?
    /// Ends one machine token: its machine says goodbye.
    func endMachineToken(hash: SHA256Digest) async throws

    // MARK: Reports

    /// Writes reports in one transaction, in that order: each becomes its machine's last one, and a line of its history if it
    /// differs in ``MachineUpdate/isChange``. Reports of machines that are unknown by now are dropped.
    func write(_ updates: [MachineUpdate]) async throws
    /// Forgets lines of history that are older, no more than a number of them in one transaction.
    /// - Returns: how many were forgotten.
    func removeHistory(before time: Date, limit: Int) async throws -> Int

    // MARK: Reading

    func machine(_ id: HashedMachineID) async throws -> Machine?
    /// In order of id.
    /// - Parameter after: the id to go on behind.
    func machines(_ query: MachineQuery, after: HashedMachineID?, limit: Int) async throws -> [Machine]
    func count(_ query: MachineQuery) async throws -> Int
    /// What a machine reported, newest first: one entry for each change.
    func history(of id: HashedMachineID, limit: Int) async throws -> [MachineUpdate]

    // MARK: Administration

    /// Forgets machines with their tokens and history. The catalogue's revision increases, so that whoever remembers their tokens
    /// learns of it.
    /// - Returns: how many there were.
    func forget(_ ids: [HashedMachineID], entry: ChangeEntry) async throws -> Int
    /// - Throws: ``LivepatchError`` with the code `not-found`.
    func setTags(_ tags: [String], of id: HashedMachineID, entry: ChangeEntry) async throws
}

/// Whom a machine token belongs to.
public struct MachineIdentity: Hashable, Sendable {
    /// How many tokens of one machine work at the same time.
    public static let tokenLimit = 4

    public let machine: HashedMachineID
    /// The id of the auth token that the machine registered with.
    public let authToken: String
    public let tier: TierName
    /// When the token was issued, and whether a newer one of the same machine has been.
    public let issued: Date
    public let isNewest: Bool

    public init(machine: HashedMachineID, authToken: String, tier: TierName, issued: Date, isNewest: Bool) {
        self.machine = machine
        self.authToken = authToken
        self.tier = tier
        self.issued = issued
        self.isNewest = isNewest
    }
}

/// A report as it is written.
public struct MachineUpdate: Hashable, Sendable, Codable {
    public var machine: HashedMachineID
    public var time: Date
    public var report: MachineReport
    /// Whether the machine's kernel, patch, state or message differs from what it reported before.
    public var isChange: Bool
    /// When it booted, by the server's clock.
    public var booted: Date?
    /// Set if two machines seem to use the id.
    public var sharedSince: Date?

    public init(
        machine: HashedMachineID, time: Date, report: MachineReport, isChange: Bool, booted: Date? = nil, sharedSince: Date? = nil
    ) {
        self.machine = machine
        self.time = time
        self.report = report
        self.isChange = isChange
        self.booted = booted
        self.sharedSince = sharedSince
    }
}
