/// What a client believes, and the checks by which it comes to believe it (specification, section 5).
///
/// Nothing here reads, writes or asks the clock. A document that is refused leaves everything as it was.
public struct TrustedMetadata: Sendable {
    /// The moment that decides what is expired, the same for the whole update (section 5.1).
    public let startTime: MetadataTime
    public private(set) var root: Metadata<Root>
    public private(set) var timestamp: Metadata<Timestamp>?
    public private(set) var snapshot: Metadata<Snapshot>?
    /// The targets roles by name; each was verified for at least one of those that delegate to it.
    private var roles: NameTable<Metadata<Targets>> = [:]
    private var verified: Set<Delegation> = []
    /// Whether a key of the timestamp or snapshot role was taken away since the update began.
    private(set) var hasRevokedFreshnessKeys = false
    private let inspect: Inspection

    /// A look at a timestamp, a snapshot or a targets role before it is believed. It comes after the signatures were found in order,
    /// and refuses a document by throwing, best with the code ``TUFError/Code/refused``.
    public typealias Inspection = @Sendable (_ body: any RoleBody, _ role: String) throws(TUFError) -> Void

    /// Demands nothing beyond the specification.
    public static let noInspection: Inspection = { (_, _) throws(TUFError) in }

    /// A role as one particular other role delegates to it: another one may want other signatures.
    private struct Delegation: Hashable {
        let delegator: ExactName
        let role: ExactName
    }

    /// Begins with a root that is trusted for reasons of its own (section 5.2). It may be expired, but must be signed by its own keys.
    /// - Parameter inspect: what an application demands of documents beyond the specification.
    /// - Throws: ``TUFError`` with code ``TUFError/Code/malformed``, ``TUFError/Code/unsupported`` or ``TUFError/Code/unsigned``.
    public init(
        trustedRoot document: [UInt8], startTime: MetadataTime, inspect: @escaping Inspection = TrustedMetadata.noInspection
    ) throws(TUFError) {
        self.startTime = startTime
        self.inspect = inspect
        root = try Metadata<Root>(document)
        try Self.verify(root, as: RoleName.root, by: root.signed)
    }

    // MARK: Root (section 5.3)

    /// Takes in the next root: signed by the keys of the present one and by its own, and one version higher.
    /// - Throws: ``TUFError`` with code ``TUFError/Code/unsigned``, ``TUFError/Code/versionMismatch``, ``TUFError/Code/rollback``…
    public mutating func acceptRoot(_ document: [UInt8]) throws(TUFError) {
        let next = try Metadata<Root>(document)
        try Self.verify(next, as: RoleName.root, by: root.signed)
        try Self.verify(next, as: RoleName.root, by: next.signed)
        let expected = root.signed.version.addingReportingOverflow(1)
        guard !expected.overflow, next.signed.version == expected.partialValue else {
            throw TUFError(
                next.signed.version <= root.signed.version ? .rollback : .versionMismatch,
                "The root after version \(root.signed.version) says that it is version \(next.signed.version).")
        }
        for role in [RoleName.timestamp, RoleName.snapshot] where Self.revokes(role, from: root.signed, to: next.signed) {
            hasRevokedFreshnessKeys = true
        }
        root = next
    }

    private static func revokes(_ role: String, from old: Root, to new: Root) -> Bool {
        let kept = Set((new.roles[role]?.keyIDs ?? []).map { ExactName($0) })
        return (old.roles[role]?.keyIDs ?? []).contains { id in !kept.contains(ExactName(id)) || old.keys[id] != new.keys[id] }
    }

    /// Called when there is no newer root.
    /// - Throws: ``TUFError`` with code ``TUFError/Code/expired``.
    public func checkFinalRoot() throws(TUFError) { try checkFreshness(root.signed, of: RoleName.root) }

    // MARK: Timestamp (section 5.4)

    /// Takes in a timestamp that an earlier update accepted. It may be expired by now; what it is for is to notice a rollback.
    ///
    /// After a key of the timestamp or snapshot role was taken away it is not believed (section 5.3.11): that is how clients
    /// recover from a version number that a thief of the key drove up. It need not be deleted from the cache for that, since
    /// from the next update on it lacks the signatures that it would need.
    /// - Throws: ``TUFError``; then there is nothing to go back from.
    public mutating func recallTimestamp(_ document: [UInt8]) throws(TUFError) {
        guard !hasRevokedFreshnessKeys else {
            throw TUFError(.unsigned, "The keys of the timestamp or the snapshot have changed.")
        }
        let recalled = try Metadata<Timestamp>(document)
        try Self.verify(recalled, as: RoleName.timestamp, by: root.signed)
        try inspect(recalled.signed, RoleName.timestamp)
        timestamp = recalled
    }

    /// Takes in the repository's timestamp.
    /// - Returns: `false` if it has the version of the one that is trusted already, which then stays.
    /// - Throws: ``TUFError`` with code ``TUFError/Code/unsigned``, ``TUFError/Code/rollback``, ``TUFError/Code/expired``…
    public mutating func acceptTimestamp(_ document: [UInt8]) throws(TUFError) -> Bool {
        let next = try Metadata<Timestamp>(document)
        try Self.verify(next, as: RoleName.timestamp, by: root.signed)
        try inspect(next.signed, RoleName.timestamp)
        if let trusted = timestamp?.signed {
            try Self.checkProgress(from: trusted.version, to: next.signed.version, of: "timestamp")
            if next.signed.version == trusted.version {
                try checkFreshness(trusted, of: RoleName.timestamp)
                return false
            }
            try Self.checkProgress(
                from: trusted.snapshot.version, to: next.signed.snapshot.version, of: "snapshot that the timestamp names")
        }
        try checkFreshness(next.signed, of: RoleName.timestamp)
        timestamp = next
        return true
    }

    // MARK: Snapshot (section 5.5)

    /// Takes in a snapshot that an earlier update accepted. It may be expired or old by now; then it is for noticing a rollback.
    /// - Returns: whether it is the one that the timestamp names, so that none needs to be fetched.
    /// - Throws: ``TUFError``; then there is nothing to go back from.
    public mutating func recallSnapshot(_ document: [UInt8]) throws(TUFError) -> Bool {
        guard !hasRevokedFreshnessKeys else {
            throw TUFError(.unsigned, "The keys of the timestamp or the snapshot have changed.")
        }
        let recalled = try Metadata<Snapshot>(document)
        try Self.verify(recalled, as: RoleName.snapshot, by: root.signed)
        try inspect(recalled.signed, RoleName.snapshot)
        let announced = try announcedSnapshot
        snapshot = recalled
        guard recalled.signed.version == announced.version, !recalled.signed.isExpired(at: startTime) else { return false }
        do { try announced.check(document, of: RoleName.snapshot) } catch { return false }
        return true
    }

    /// Takes in the repository's snapshot.
    /// - Throws: ``TUFError`` with code ``TUFError/Code/hashMismatch``, ``TUFError/Code/unsigned``, ``TUFError/Code/versionMismatch``,
    ///   ``TUFError/Code/rollback``, ``TUFError/Code/expired``…
    public mutating func acceptSnapshot(_ document: [UInt8]) throws(TUFError) {
        let announced = try announcedSnapshot
        try announced.check(document, of: RoleName.snapshot)
        let next = try Metadata<Snapshot>(document)
        try Self.verify(next, as: RoleName.snapshot, by: root.signed)
        try inspect(next.signed, RoleName.snapshot)
        try Self.checkVersion(next.signed.version, is: announced.version, of: RoleName.snapshot)
        if let trusted = snapshot?.signed {
            for (name, entry) in trusted.listed {
                guard let newer = next.signed.entry(name) else {
                    throw TUFError(.rollback, "The snapshot no longer lists “\(name)”.")
                }
                try Self.checkProgress(from: entry.version, to: newer.version, of: "“\(name)” in the snapshot")
            }
        }
        try checkFreshness(next.signed, of: RoleName.snapshot)
        snapshot = next
    }

    /// What the timestamp says of the snapshot.
    var announcedSnapshot: MetadataFileEntry {
        get throws(TUFError) {
            guard let timestamp else { throw TUFError(.notPossible, "The timestamp comes before the snapshot.") }
            return timestamp.signed.snapshot
        }
    }

    // MARK: Targets (section 5.6)

    /// A targets role, if it was verified for the role that delegates to it.
    public func targets(_ role: String, delegatedBy delegator: String) -> Targets? {
        verified.contains(Delegation(delegator: ExactName(delegator), role: ExactName(role))) ? roles[role]?.signed : nil
    }

    /// Verifies a targets role that another role's delegation brought in, for one more delegation.
    /// - Returns: `false` if it is not there, or does not have the signatures that this delegation asks for.
    public mutating func extend(_ role: String, to delegator: String) throws(TUFError) -> Bool {
        guard let metadata = roles[role] else { return false }
        do throws(TUFError) { try verify(metadata, as: role, delegatedBy: delegator) } catch {
            guard error.code == .unsigned else { throw error }
            return false
        }
        verified.insert(Delegation(delegator: ExactName(delegator), role: ExactName(role)))
        return true
    }

    /// Takes in targets metadata, from the repository or from the cache: both are checked alike, the signatures against what the
    /// delegating role asks for now.
    /// - Parameter delegator: `root` for the top-level role `targets`.
    /// - Throws: ``TUFError`` with code ``TUFError/Code/unlisted``, ``TUFError/Code/hashMismatch``, ``TUFError/Code/unsigned``,
    ///   ``TUFError/Code/versionMismatch``, ``TUFError/Code/expired``…
    public mutating func acceptTargets(
        _ document: [UInt8], role: String, delegatedBy delegator: String
    ) throws(TUFError) {
        let next = try verified(document, role: role, delegatedBy: delegator)
        if let former = roles[role], former.signed != next.signed {
            // Of two documents of one version the one that is believed now decides whom it delegates to.
            verified = verified.filter { $0.role != ExactName(role) && $0.delegator != ExactName(role) }
        }
        roles[role] = next
        verified.insert(Delegation(delegator: ExactName(delegator), role: ExactName(role)))
    }

    /// Verifies targets metadata as ``acceptTargets(_:role:delegatedBy:)`` does, and keeps nothing of it: for an application that
    /// goes through many roles, and holds one of them at a time.
    /// - Parameter delegator: `root`, or a role that was accepted before.
    /// - Throws: as ``acceptTargets(_:role:delegatedBy:)``.
    public func verified(
        _ document: [UInt8], role: String, delegatedBy delegator: String
    ) throws(TUFError) -> Metadata<Targets> {
        let announced = try announcedTargets(role)
        try announced.check(document, of: role)
        let next = try Metadata<Targets>(document)
        try verify(next, as: role, delegatedBy: delegator)
        try inspect(next.signed, role)
        try Self.checkVersion(next.signed.version, is: announced.version, of: role)
        try checkFreshness(next.signed, of: role)
        return next
    }

    /// What the snapshot says of a targets role.
    /// - Throws: ``TUFError`` with code ``TUFError/Code/unlisted``, or ``TUFError/Code/notPossible`` before there is a snapshot.
    public func announcedTargets(_ role: String) throws(TUFError) -> MetadataFileEntry {
        guard let snapshot else { throw TUFError(.notPossible, "The snapshot comes before targets metadata.") }
        guard let entry = snapshot.signed.roles[role] else {
            throw TUFError(.unlisted, "The snapshot does not list the role “\(role)”, to which something is delegated.")
        }
        return entry
    }

    // MARK: Checks

    private func verify(_ metadata: Metadata<Targets>, as role: String, delegatedBy delegator: String) throws(TUFError) {
        if delegator.isExactly(RoleName.root) { return try Self.verify(metadata, as: role, by: root.signed) }
        guard let delegations = roles[delegator]?.signed.delegations, let keys = delegations.keys(of: role) else {
            throw TUFError(.notPossible, "The role “\(delegator)” does not delegate to “\(role)”.")
        }
        try metadata.verify(by: keys, keys: delegations.keys, name: role)
    }

    private static func verify(_ metadata: Metadata<some RoleBody>, as role: String, by root: Root) throws(TUFError) {
        guard let keys = root.roles[role] else { throw TUFError(.notPossible, "The root does not know the role “\(role)”.") }
        try metadata.verify(by: keys, keys: root.keys, name: role)
    }

    private func checkFreshness(_ body: some RoleBody, of role: String) throws(TUFError) {
        guard !body.isExpired(at: startTime) else {
            throw TUFError(
                .expired,
                "The metadata of the role “\(role)” expired at \(body.expires), and it is \(startTime). Perhaps somebody withholds newer."
            )
        }
    }

    private static func checkProgress(from old: Int, to new: Int, of what: String) throws(TUFError) {
        guard new >= old else { throw TUFError(.rollback, "The \(what) went back from version \(old) to \(new).") }
    }

    private static func checkVersion(_ found: Int, is announced: Int, of role: String) throws(TUFError) {
        guard found == announced else {
            throw TUFError(.versionMismatch, "The role “\(role)” should be at version \(announced), and is at \(found).")
        }
    }
}
