/// The names of the roles that stand for things of this domain, and back.
///
///     origin repository   targets ─┬─► revocations
///                                  └─► patch-107.1, patch-108.2, …
///     view of tiers       targets ─┬─► tier-edge ─┬─► patch-108.2
///                                  └─► tier-beta ─┴─► patch-107.1
///
/// The documents of `patch-…` are the same bytes in both: the origin signs them, a tier delegates to the origin's keys.
public enum MetadataRoles {
    /// What is blocked.
    public static let revocations = "revocations"

    /// The files of a patch version.
    public static func patch(_ version: PatchVersion) -> String { patchPrefix + version.description }

    /// What all roles of patch versions are called together.
    public static let anyPatch = patchPrefix + "*"

    /// The version that a role lists the files of; `nil` for another role.
    public static func version(of role: String) -> PatchVersion? {
        guard role.hasPrefix(patchPrefix), let version = PatchVersion(String(role.dropFirst(patchPrefix.count))),
            patch(version) == role
        else { return nil }
        return version
    }

    /// The patch versions of a tier.
    public static func tier(_ name: TierName) -> String { tierPrefix + name.description }

    /// The tier that a role stands for; `nil` for another role.
    public static func tier(of role: String) -> TierName? {
        guard role.hasPrefix(tierPrefix) else { return nil }
        return try? TierName(parsing: String(role.dropFirst(tierPrefix.count)))
    }

    /// The pattern of the target paths that a patch version's role may speak for: its files' names.
    public static func paths(of version: PatchVersion) -> String {
        "\(PatchFileName.prefix)*-\(version)-*\(PatchFileName.suffix)"
    }

    /// The pattern of the target paths of all patch versions.
    public static let allPaths = "\(PatchFileName.prefix)*\(PatchFileName.suffix)"

    private static let patchPrefix = "patch-"
    private static let tierPrefix = "tier-"
}
