import TUF

/// Whose signatures a root asks for, on itself or on the one that follows it, and which of them are there.
public struct RootDemand: Hashable, Sendable, Codable {
    /// The version of the root that asks.
    public let version: Int
    public let threshold: Int
    /// The ids of the keys that have signed.
    public let signed: [String]
    /// The ids of those that could.
    public let missing: [String]
    /// How many signatures count: those of one key under two ids count once.
    public let count: Int

    init(of root: Root, on next: Metadata<Root>) {
        let role = root.roles[RoleName.root] ?? RoleKeys(keyIDs: [])
        func count(_ ids: [String]) -> Int {
            (try? next.signers(among: RoleKeys(keyIDs: ids, threshold: role.threshold), keys: root.keys)) ?? 0
        }
        let signed = role.keyIDs.filter { count([$0]) > 0 }
        version = root.version
        threshold = role.threshold
        self.signed = signed
        missing = role.keyIDs.filter { !signed.contains($0) }
        self.count = count(role.keyIDs)
    }

    public var isMet: Bool { count >= threshold }

    /// Whether the key is one of those.
    func concerns(_ id: String) -> Bool { signed.contains(id) || missing.contains(id) }
}

extension RootDemand: CustomStringConvertible {
    public var description: String {
        let there = "root \(version) asks for \(threshold) of its \(signed.count + missing.count) root keys, and \(count) signed"
        return isMet ? there : "\(there); the others are \(missing.map { String($0.prefix(12)) }.joined(separator: ", "))"
    }
}
