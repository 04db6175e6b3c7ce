public import FoundationEssentials

/// What an administrator may do. Each role may do all that the ones before it may.
public enum AdministratorRole: String, Hashable, Sendable, Codable, CaseIterable {
    /// Sees everything, and changes nothing.
    case read
    /// The daily work: promotes, withdraws, blocks and unblocks patches, imports them, triggers syncs, looks after the storage, and
    /// labels and forgets machines.
    case operate
    /// Everything: tiers, tokens, keys and trust, webhooks, coverage, backups, and other administrators' sessions.
    case admin

    /// Whether whoever has this role may do what takes the other one.
    public func includes(_ other: AdministratorRole) -> Bool { self >= other }
}

extension AdministratorRole: Comparable {
    private var rank: Int {
        switch self {
        case .read: 0
        case .operate: 1
        case .admin: 2
        }
    }

    public static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }
}

/// An administrator who has proven to be one.
public struct KnownAdministrator: Hashable, Sendable {
    public let user: String
    public let role: AdministratorRole
    /// When the proof ends.
    public let expires: Date
    /// The login that proves it; `nil` for whoever proves it in another way.
    public let session: AdminSession?

    public init(user: String, role: AdministratorRole, expires: Date, session: AdminSession? = nil) {
        self.user = user
        self.role = role
        self.expires = expires
        self.session = session
    }

    /// - Throws: ``LivepatchError`` with the code `role-insufficient` unless the administrator may do what takes that role.
    public func require(_ needed: AdministratorRole) throws {
        guard !role.includes(needed) else { return }
        throw LivepatchError(
            .roleInsufficient, "This takes the role '\(needed.rawValue)', and '\(user)' has the role '\(role.rawValue)'.",
            suggestion: "Have somebody with that role do it, or be given it.")
    }
}

extension TierCommand {
    /// The role that it takes; `nil` if that depends on what is undone (``TierAdministration/role(for:)``).
    var role: AdministratorRole? {
        switch self {
        case .promote, .promoteAll, .withdraw, .block, .unblock: .operate
        case .addTier, .removeTier, .renameTier, .moveTier, .restore: .admin
        case .undo: nil
        }
    }
}
