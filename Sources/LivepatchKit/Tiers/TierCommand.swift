/// What an administrator can ask of tiers and patch versions. Every change of what anybody may see is one of these.
public enum TierCommand: Hashable, Sendable, Codable {
    /// A new tier at a place in the order.
    case addTier(name: TierName, position: TierPosition)
    /// A tier less. With `force`, tokens that refer to it move to the previous tier.
    case removeTier(name: TierName, force: Bool)
    case renameTier(name: TierName, newName: TierName)
    /// Another place in the order for a tier.
    case moveTier(name: TierName, position: TierPosition)
    /// A patch version into a tier and every one before it.
    case promote(version: PatchVersion, tier: TierName)
    /// All of a tier's patch versions into every tier up to a later one.
    case promoteAll(from: TierName, to: TierName)
    /// A patch version out of a tier and every later one.
    case withdraw(version: PatchVersion, tier: TierName)
    /// No delivery of a patch version, in any tier, here and below.
    case block(version: PatchVersion, reason: String)
    case unblock(version: PatchVersion, reason: String)
    /// The tiers as a snapshot remembers them.
    case restore(snapshot: Int64)
    /// The reverse of a recorded change, as a new change.
    case undo(change: Int64)
}

/// A place in the order of tiers.
public enum TierPosition: Hashable, Sendable, Codable {
    case last
    case before(tier: TierName)
    case after(tier: TierName)
}

extension TierCommand: CustomStringConvertible {
    /// The command as `livepatch-admin` takes it; the history shows it.
    public var description: String {
        switch self {
        case .addTier(let name, let position): "tier add \(name)\(position)"
        case .removeTier(let name, let force): "tier remove \(name)\(force ? " --force" : "")"
        case .renameTier(let name, let newName): "tier rename \(name) \(newName)"
        case .moveTier(let name, let position): "tier move \(name)\(position)"
        case .promote(let version, let tier): "patch promote \(version) \(tier)"
        case .promoteAll(let from, let to): "patch promote-all \(from) \(to)"
        case .withdraw(let version, let tier): "patch withdraw \(version) \(tier)"
        case .block(let version, _): "patch block \(version)"
        case .unblock(let version, _): "patch unblock \(version)"
        case .restore(let snapshot): "tier restore \(snapshot)"
        case .undo(let change): "undo \(change)"
        }
    }

    /// Why, where the command carries a reason.
    public var reason: String? {
        switch self {
        case .block(_, let reason), .unblock(_, let reason): reason
        default: nil
        }
    }
}

extension TierPosition: CustomStringConvertible {
    /// Empty for the last place, otherwise the option that names the place, with a space before it.
    public var description: String {
        switch self {
        case .last: ""
        case .before(let tier): " --before \(tier)"
        case .after(let tier): " --after \(tier)"
        }
    }
}
