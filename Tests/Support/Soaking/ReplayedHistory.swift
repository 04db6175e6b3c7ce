import LivepatchKit

/// Where patch versions have to be after what a history tells: every version enters the first tier by itself.
struct ReplayedHistory: Sendable {
    struct Standing: Hashable, Sendable {
        /// The last tier that holds the version, by its position; -1 for none.
        var tier = 0
        /// Whether it is blocked here, by an administrator of this server.
        var isBlocked = false
    }

    private(set) var standings: [PatchVersion: Standing] = [:]
    private var before: [Int64: (version: PatchVersion, standing: Standing)] = [:]
    private let tiers: [TierName]

    /// - Parameters:
    ///   - history: in any order; what was not done by an administrator is left out.
    ///   - tiers: in order.
    init(_ history: [ChangeRecord], tiers: [TierName]) {
        self.tiers = tiers
        for record in history.sorted(by: { $0.id < $1.id })
        where record.actor != ChangeRecord.upstreamActor && record.actor != ChangeRecord.serverActor {
            take(record.id, record.action.split(separator: " ").map(String.init))
        }
    }

    subscript(version: PatchVersion) -> Standing { standings[version] ?? Standing() }

    private mutating func take(_ id: Int64, _ words: [String]) {
        if words.count == 2, words[0] == "undo", let undone = Int64(words[1]), let (version, standing) = before[undone] {
            before[id] = (version, self[version])
            standings[version] = standing
        }
        guard words.count >= 3, words[0] == "patch", let version = try? PatchVersion(parsing: words[2]) else { return }
        var standing = self[version]
        let position = words.count > 3 ? tiers.firstIndex { $0.description == words[3] } : nil
        switch (words[1], position) {
        case ("promote", let position?): standing.tier = max(standing.tier, position)
        case ("withdraw", let position?): standing.tier = min(standing.tier, position - 1)
        case ("block", _): standing.isBlocked = true
        case ("unblock", _): standing.isBlocked = false
        default: return
        }
        before[id] = (version, self[version])
        standings[version] = standing
    }
}
